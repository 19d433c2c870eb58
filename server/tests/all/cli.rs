//! The command line where there is no server, or a database that does not answer.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};

use rcgen::{CertificateParams, KeyPair};
use sqlx::postgres::PgPool;
use tacit_server::app::root;
use tacit_server::clock::Ambient;
use tacit_server::secrets::master::Master;
use tacit_server::secrets::{make_master_key, master_key};
use tacit_server::store::Store;
use time::Duration;

use crate::common::{cluster, secret};

const SUBCOMMANDS: [&[&str]; 6] = [
    &["token", "create"],
    &["token", "list"],
    &["device", "list"],
    &["key", "create", "--name", "x", "--role", "viewer"],
    &["migrate"],
    &["doctor"],
];

/// Whether a subcommand succeeded, and all that it said.
pub(crate) fn run(arguments: &[&str], data: &Path) -> (bool, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_tacit-server"))
        .args(arguments)
        .arg("--data-dir")
        .arg(data)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    (output.status.success(), String::from_utf8([output.stdout, output.stderr].concat()).unwrap())
}

/// What the first start of a server leaves behind.
pub(crate) async fn first_start(data: &Path, url: &str) {
    let (path, ambient) = (data.join("secrets/master.key"), Ambient::system());
    make_master_key(&path, &ambient).unwrap();
    let store = Store::new(PgPool::connect(url).await.unwrap());
    let key = Master::Key(master_key(&path).unwrap().unwrap());
    root::open(&store, &key, &ambient).await.unwrap();
}

#[test]
fn a_mistyped_data_directory_is_named_and_not_made() {
    let home = cluster::directory();
    for subcommand in SUBCOMMANDS {
        let data = home.path().join("mistyped");
        let (done, said) = run(subcommand, &data);
        assert!(!done, "{subcommand:?}");
        assert!(said.contains("there is no server data in") && said.contains("mistyped"), "{said}");
        assert!(said.contains("--data-dir") && said.contains("--database-url"), "{said}");
        assert!(!data.exists(), "{subcommand:?}");

        let (done, _) = run(subcommand, home.path());
        assert!(!done, "{subcommand:?}");
        assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 0, "{subcommand:?}");
    }
}

#[tokio::test]
async fn a_database_in_which_no_server_has_worked_is_left_alone_but_by_migrate() {
    let data = cluster::directory();
    let url = cluster::empty().await;
    let with = |subcommand: &[&str]| run(&[subcommand, &["--database-url", &url]].concat(), data.path());
    let (done, said) = with(&["token", "create"]);
    assert!(!done && said.contains("there is no server data in the Postgres at"), "{said}");
    let (_, said) = with(&["doctor"]);
    assert!(said.contains("the schema lacks"), "{said}");
    let (done, said) = with(&["migrate"]);
    assert!(done, "{said}");
    for subcommand in [&["token", "create"][..], &["key", "create", "--name", "x", "--role", "viewer"]] {
        let (done, said) = with(subcommand);
        assert!(!done && said.contains("under the master key"), "{said}");
    }
    first_start(data.path(), &url).await;
    let (done, said) = with(&["token", "create"]);
    assert!(done && said.contains("tacit_enrol_"), "{said}");
}

#[tokio::test]
async fn a_database_that_cannot_be_used_is_named_without_its_password() {
    let data = cluster::directory();
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap();
    let (silent, at) = (
        nobody.local_addr().unwrap().port(),
        std::thread::spawn(move || {
            // Answers as no Postgres does.
            for _ in 0..2 {
                let (mut peer, _) = nobody.accept().unwrap();
                let _ = std::io::Write::write_all(&mut peer, b"HTTP/1.1 400 Bad Request\r\n\r\n");
            }
        }),
    );
    let missing = cluster::empty().await.replace("/e", "/missing");
    for (url, named, check) in [
        (
            format!("postgres://tacit:hush@127.0.0.1:{free}/tacit"),
            format!("127.0.0.1, port {free}"),
            "nothing listens",
        ),
        (
            format!("postgres://tacit:hush@127.0.0.1:{silent}/tacit"),
            format!("port {silent}"),
            "may not be Postgres",
        ),
        (
            "postgres://tacit:hush@nowhere.invalid/tacit".to_owned(),
            "nowhere.invalid".to_owned(),
            "name resolution",
        ),
        (missing, "missing".to_owned(), "createdb"),
    ] {
        for subcommand in ["migrate", "doctor"] {
            let (done, said) = run(&[subcommand, "--database-url", &url], data.path());
            assert!(!done);
            assert!(said.contains(&named) && said.contains(check), "{said} should say {named} and {check}");
            assert!(!said.contains("hush"), "{said}");
        }
    }
    at.join().unwrap();
}

#[tokio::test]
async fn what_a_key_or_a_token_cannot_be_is_refused_with_the_bounds() {
    let data = cluster::directory();
    let url = cluster::empty().await;
    run(&["migrate", "--database-url", &url], data.path());
    first_start(data.path(), &url).await;
    let key = ["key", "create", "--role", "viewer", "--name"];
    let named = [&key[..], &["SIEM"]].concat();
    for (subcommand, bounds) in [
        ([&key[..], &[""]].concat(), "1 to 100 characters"),
        ([&key[..], &["  "]].concat(), "1 to 100 characters"),
        ([&key[..], &["x".repeat(101).leak()]].concat(), "1 to 100 characters"),
        ([&named[..], &["--expires", "0s"]].concat(), "1 s to 3660 d"),
        ([&named[..], &["--expires", "99999999999999d"]].concat(), "1 s to 3660 d"),
        (vec!["token", "create", "--uses", "0"], "1..=1000000"),
        (vec!["token", "create", "--uses", "-1"], "1..=1000000"),
        (vec!["token", "create", "--uses", "1000001"], "1..=1000000"),
        (vec!["token", "create", "--uses", "99999999999"], "1..=1000000"),
        (vec!["token", "create", "--expires", "367d"], "1 s to 366 d"),
        (vec!["token", "create", "--group", "nowhere"], "put a policy for it first"),
        (vec!["token", "create", "--group", "No Where"], "a-z, 0-9 and -"),
    ] {
        let (done, said) = run(&[&subcommand[..], &["--database-url", &url]].concat(), data.path());
        assert!(!done && said.contains(bounds), "{subcommand:?}: {said}");
    }
    let (done, said) = run(&[&named[..], &["--expires", "1d", "--database-url", &url]].concat(), data.path());
    assert!(done && said.starts_with("tacit_"), "{said}");

    assert!(run(&["token", "create", "--database-url", &url], data.path()).0);
    let tokens = run(&["token", "list", "--database-url", &url], data.path()).1;
    assert!(tokens.lines().nth(1).unwrap().ends_with("serves   default"), "{tokens}");

    let list = || run(&["key", "list", "--database-url", &url], data.path()).1;
    let row = list().lines().nth(1).unwrap().to_owned();
    assert!(
        row.contains(&said[..12]) && !row.contains(said.trim()) && row.ends_with("serves   SIEM"),
        "{row}"
    );
    let id = row.split(' ').next().unwrap();
    assert!(run(&["key", "revoke", id, "--database-url", &url], data.path()).0);
    assert!(list().contains("revoked  SIEM"));
}

#[test]
fn the_doctor_says_when_a_given_certificate_ends() {
    let data = cluster::directory();
    let (chain, key) = (data.path().join("chain.pem"), data.path().join("key.pem"));
    let pair = KeyPair::generate().unwrap();
    secret(&key, &pair.serialize_pem());
    let doctor = |days: i64| {
        let mut params = CertificateParams::new(vec!["tacit.example".to_owned()]).unwrap();
        params.not_before = Ambient::system().now() - Duration::days(400);
        params.not_after = Ambient::system().now() + Duration::days(days);
        std::fs::write(&chain, params.self_signed(&pair).unwrap().pem()).unwrap();
        let files = ["--tls-cert", chain.to_str().unwrap(), "--tls-key", key.to_str().unwrap()];
        let (_, said) = run(&[&["doctor"], &files[..]].concat(), data.path());
        said.lines().find(|line| line.contains("chain.pem")).unwrap().to_owned()
    };
    for (days, begins) in [(-1, "WRONG"), (29, "soon"), (31, "ok")] {
        let line = doctor(days);
        assert!(line.starts_with(begins), "{line}");
        assert!(
            line.contains(&(Ambient::system().now() + Duration::days(days)).date().to_string()),
            "{line}"
        );
    }
}
