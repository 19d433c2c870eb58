//! The server's binary.

fn main() -> std::process::ExitCode {
    tacit_server::cli::main()
}
