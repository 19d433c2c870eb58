//! What is wrong between the agent and the server, in words, and what to do about it.

use std::error::Error;
use std::io;

use rustls::CertificateError;
use tonic::transport::Uri;
use tonic::{Code, Status};

/// How the transport begins to say that what answered was no gRPC server.
const NOT_GRPC: [&str; 3] = ["h2 protocol error", "protocol error", "grpc-status header missing"];
const NO_HTTP2: &str = "HTTP/2 was not negotiated";
const PORT: &str = "name the server's gRPC port, 7443 if it was not changed; the REST API has another";

/// Whether a server said this, and not the transport in its place.
pub(crate) fn answered(status: &Status) -> bool {
    status.source().is_none() && !is_elsewhere(status)
}

/// Whether what answered is something else than a Tacit server.
fn is_elsewhere(status: &Status) -> bool {
    let message = status.message();
    status.code() == Code::Unimplemented || NOT_GRPC.iter().any(|begin| message.starts_with(begin))
}

/// Why a call to a server got no stream or answer.
pub(crate) fn of_call(server: &str, status: &Status) -> String {
    if answered(status) {
        return of_answer(status);
    }
    if let Some(error) = tls_error(status) {
        return of_tls(server, error);
    }
    let cause = cause(status);
    if is_elsewhere(status) || cause.contains(NO_HTTP2) {
        let tls = if server.starts_with("http://") { "write https:// if it uses TLS, and " } else { "" };
        return format!("{server} does not speak Tacit's gRPC ({cause}): {tls}{PORT}");
    }
    format!("cannot reach {server} ({cause}): check the address and the firewall, and {PORT}")
}

/// Why a server ended a call.
pub(crate) fn of_answer(status: &Status) -> String {
    let message = status.message();
    match status.code() {
        Code::Unauthenticated => format!(
            "the server does not accept this device: {message}; set its clock right if that is off, or else enrol it again with a new token from `tacit-server token create`"
        ),
        Code::PermissionDenied => format!(
            "the server refuses this device: {message}; if it is to serve again, delete device.key in its state folder and enrol it with a new token from `tacit-server token create`"
        ),
        _ => cause(status),
    }
}

fn of_tls(server: &str, error: &rustls::Error) -> String {
    let rustls::Error::InvalidCertificate(wrong) = error else {
        return format!("{server} does not speak TLS ({error}): {PORT}");
    };
    let host = server.parse::<Uri>().ok().and_then(|uri| uri.host().map(str::to_owned));
    let host = host.unwrap_or_else(|| server.to_owned());
    match wrong {
        CertificateError::NotValidForName => {
            format!("the certificate of {server} is not for {host}: {}", other_name(&host))
        }
        CertificateError::NotValidForNameContext { presented, .. } => {
            let names: Vec<&str> = presented.iter().map(|name| bare(name)).collect();
            let names = names.join(", ");
            format!("the certificate of {server} is for {names}, not for {host}: {}", other_name(&host))
        }
        // Two servers' own authorities go by the same name.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => format!(
            "the certificate of {server} comes from no authority that is trusted here: enrol with --ca FILE, the server's ca.pem (tls/ca.pem in its data directory) or the authority of its own certificate"
        ),
        CertificateError::Expired
        | CertificateError::ExpiredContext { .. }
        | CertificateError::NotValidYet
        | CertificateError::NotValidYetContext { .. } => format!(
            "the certificate of {server} is not valid today ({wrong}): set this device's clock right if it is off, or else renew the certificate"
        ),
        _ => format!(
            "the certificate of {server} is not sound ({wrong}): {PORT}; else check the server's --tls-cert"
        ),
    }
}

fn other_name(host: &str) -> String {
    format!(
        "call the server by a name of its certificate, or start it with `tacit-server serve --tls-name {host}`"
    )
}

/// `localhost` of `DnsName("localhost")`.
fn bare(name: &str) -> &str {
    name.split_once('(').map_or(name, |(_, inner)| inner.trim_end_matches(')').trim_matches('"'))
}

fn tls_error(status: &Status) -> Option<&rustls::Error> {
    let mut error: Option<&(dyn Error + 'static)> = status.source();
    while let Some(at) = error {
        // An I/O error is not the source of what it wraps.
        let wrapped = at.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        let found = wrapped.and_then(|inner| inner.downcast_ref()).or_else(|| at.downcast_ref());
        if found.is_some() {
            return found;
        }
        error = at.source();
    }
    None
}

/// The innermost reason of a failed call: the outer ones only say that the transport failed.
fn cause(status: &Status) -> String {
    let Some(mut error) = status.source() else {
        let message = status.message();
        return if message.is_empty() { status.code().to_string() } else { message.to_owned() };
    };
    while let Some(inner) = error.source() {
        error = inner;
    }
    error.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_rest_port_answers_is_told_from_a_refusal() {
        let rest = "protocol error: received message with invalid compression flag: 123";
        for status in [
            Status::internal(rest),
            Status::unauthenticated("grpc-status header missing, mapped from HTTP status code 401"),
            Status::unimplemented(""),
        ] {
            assert!(!answered(&status));
            let words = of_call("https://tacit.example:7080", &status);
            assert!(words.contains("does not speak Tacit's gRPC") && words.contains("7443"), "{words}");
        }
        assert!(
            of_call("https://tacit.example", &Status::permission_denied("x")).contains("delete device.key")
        );
    }

    #[test]
    fn names_of_a_certificate_are_shown_bare() {
        assert_eq!(bare("DnsName(\"other.example\")"), "other.example");
        assert_eq!(bare("IpAddress(127.0.0.1)"), "127.0.0.1");
        assert_eq!(bare("odd"), "odd");
    }
}
