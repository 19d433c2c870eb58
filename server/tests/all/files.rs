//! Files of the data directory that the server does not start with, and says why.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Stdio;

use nix::sys::stat::Mode;
use tacit_server::clock::Ambient;
use tacit_server::config::Settings;
use tacit_server::tls;

use crate::cli::first_start;
use crate::common::{PATIENCE, cluster};

/// What a server says that does not start.
async fn refused(data: &Path, url: &str) -> String {
    let mut serve = tokio::process::Command::new(env!("CARGO_BIN_EXE_tacit-server"));
    serve.args(["serve", "--grpc-listen", "127.0.0.1:0", "--http-listen", "127.0.0.1:0"]);
    serve.args(["--database-url", url, "--data-dir"]).arg(data).stdin(Stdio::null()).kill_on_drop(true);
    let ended = tokio::time::timeout(PATIENCE, serve.output()).await;
    let output = ended.expect("it starts, or waits").unwrap();
    assert!(!output.status.success());
    String::from_utf8(output.stderr).unwrap()
}

#[tokio::test]
async fn no_server_starts_with_keys_that_others_can_read_or_waits_for_what_is_no_file() {
    let (home, url) = (cluster::directory(), cluster::empty().await);
    let data = home.path();
    assert!(crate::cli::run(&["migrate", "--database-url", &url], data).0);
    first_start(data, &url).await;
    let settings = Settings { data_dir: data.to_owned(), ..Settings::default() };
    tls::ensure(&settings, &Ambient::system()).unwrap();

    let keys = ["secrets/master.key", "tls/ca.key", "tls/server.key"];
    for (name, mode) in keys.into_iter().zip([0o640, 0o604, 0o644]) {
        let path = data.join(name);
        let with = |mode| std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        with(mode);
        let said = refused(data, &url).await;
        assert!(said.contains(&format!("chmod 600 {}", path.display())), "{said}");
        with(0o600);
    }
    for name in keys.into_iter().chain(["tls/ca.pem", "tls/server.pem", "tls/server.json", "erasures"]) {
        let (path, aside) = (data.join(name), data.join("aside"));
        let there = std::fs::rename(&path, &aside).is_ok();
        for pipe in [true, false] {
            if pipe {
                nix::unistd::mkfifo(&path, Mode::S_IRWXU).unwrap();
            } else {
                std::fs::create_dir(&path).unwrap();
            }
            let said = refused(data, &url).await;
            assert!(said.contains(&format!("{} is no regular file", path.display())), "{name}: {said}");
            if pipe { std::fs::remove_file(&path) } else { std::fs::remove_dir(&path) }.unwrap();
        }
        if there {
            std::fs::rename(&aside, &path).unwrap();
        }
    }
}
