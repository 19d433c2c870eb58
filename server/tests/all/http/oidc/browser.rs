//! As much of a browser as a log-in needs: cookies, redirects one by one, forms.

use std::collections::BTreeMap;

use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use reqwest::{Client, RequestBuilder, Response, Url, redirect};

pub(super) struct Browser {
    client: Client,
    /// Of this machine, whatever the port, as browsers have it.
    pub(super) cookies: BTreeMap<String, String>,
    /// Every `set-cookie` as it came.
    pub(super) set: Vec<String>,
}

impl Browser {
    pub(super) fn new() -> Self {
        let client = Client::builder().no_proxy().redirect(redirect::Policy::none()).build().unwrap();
        Self { client, cookies: BTreeMap::new(), set: Vec::new() }
    }

    pub(super) async fn send(&mut self, request: impl FnOnce(&Client) -> RequestBuilder) -> Response {
        let cookies: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let response = request(&self.client).header(COOKIE, cookies.join("; ")).send().await.unwrap();
        for set in response.headers().get_all(SET_COOKIE) {
            let set = set.to_str().unwrap();
            let (name, value) = set.split(';').next().unwrap().split_once('=').unwrap();
            match value {
                "" => self.cookies.remove(name),
                value => self.cookies.insert(name.to_owned(), value.to_owned()),
            };
            self.set.push(set.to_owned());
        }
        response
    }

    pub(super) async fn get(&mut self, url: &str) -> Response {
        self.send(|client| client.get(url)).await
    }

    /// Goes where a log-in leads, filling in the provider's forms in the name of an account, until `base` is reached; the
    /// address there, which is not opened.
    pub(super) async fn log_in(&mut self, at: &str, account: &str, base: &str) -> String {
        let mut response = self.get(at).await;
        for _ in 0..20 {
            let here = response.url().clone();
            if let Some(to) = response.headers().get(LOCATION) {
                let to = here.join(to.to_str().unwrap()).unwrap();
                if to.as_str().starts_with(base) {
                    return to.into();
                }
                response = self.get(to.as_str()).await;
                continue;
            }
            let page = response.text().await.unwrap();
            let prompt = if page.contains("value=\"login\"") { "login" } else { "consent" };
            let to: Url = here.join(between(&page, "action=\"", "\"")).unwrap();
            let form = [("prompt", prompt), ("login", account), ("password", "any")];
            response = self.send(|client| client.post(to).form(&form)).await;
        }
        panic!("the log-in leads nowhere");
    }
}

fn between<'a>(text: &'a str, from: &str, to: &str) -> &'a str {
    let rest = text.split_once(from).unwrap_or_else(|| panic!("no form: {text}")).1;
    rest.split_once(to).unwrap().0
}
