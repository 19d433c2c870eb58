//! What must not work, and what is said then.

use crate::desk::people::People;
use crate::folder;
use crate::system::{Agent, Server, run};

#[track_caller]
fn assert_refused(ended: &crate::system::Ended, because: &str) {
    assert!(!ended.success, "succeeded: {}", ended.stdout);
    assert!(ended.stderr.contains(because), "not {because:?} but: {}", ended.stderr);
}

#[test]
fn an_agent_is_told_why_it_is_refused() {
    let server = Server::start();
    let rest = server.rest();
    let agent = Agent::new();
    let events = People::draw().subject(1).types(60);

    // Before anything goes over a wire.
    let far = agent.enrol("http://192.0.2.1:7443", "token", &server.ca());
    assert_refused(&far, "is not encrypted");
    assert_refused(&agent.replay(&events, "account"), "not enrolled");

    // At the server.
    let wrong = agent.enrol(server.grpc(), "wrong-token", &server.ca());
    assert_refused(&wrong, "the server refused the enrolment token");
    let token = server.token(1);
    assert!(agent.enrol(server.grpc(), &token, &server.ca()).success);
    let again = Agent::new().enrol(server.grpc(), &token, &server.ca());
    assert_refused(&again, "the server refused the enrolment token");
    let stranger = Server::start();
    let distrusted = Agent::new().enrol(server.grpc(), &server.token(1), &stranger.ca());
    assert_refused(&distrusted, "certificate");

    // A trace that is none, on the workstation; the server learns nothing of it.
    let folder = folder();
    let trace = folder.path().join("bad.csv");
    std::fs::write(&trace, "t_us,event,code,x,y\n0,kd,30,,\n1,zz,30,,\n").unwrap();
    let bad = agent.run(&["replay", trace.to_str().unwrap(), "--speed", "max", "--account", "account"]);
    assert_refused(&bad, "bad.csv:3: unknown event");
    assert!(rest.sessions().unwrap().is_empty());

    // A device that served, once it is revoked.
    assert!(agent.replay(&events, "account").success);
    let devices = rest.get("/v1/devices").unwrap();
    server.administer(&["device", "revoke", devices["devices"][0]["id"].as_str().unwrap()]);
    let revoked = agent.run(&["doctor"]);
    assert!(!revoked.success && revoked.stdout.contains("revoked"), "{}", revoked.stdout);
    assert_eq!(rest.sessions().unwrap().len(), 1);

    for key in [None, Some("tacit_wrong")] {
        let (status, problem) = rest.answer("/v1/sessions", key).unwrap();
        assert_eq!((status, problem["code"].as_str()), (401, Some("unauthenticated")), "{problem}");
    }
}

#[test]
fn a_server_without_tls_serves_loopback_alone() {
    let folder = folder();
    let data = folder.path().to_str().unwrap();
    let serve = ["serve", "--insecure-loopback", "--data-dir", data, "--http-listen", "127.0.0.1:0"];
    let open = run("tacit-server", &[serve.as_slice(), &["--grpc-listen", "0.0.0.0:0"]].concat());
    assert_refused(&open, "loopback");
}
