//! Compiles tacit/v1/*.proto with protox, so that no protoc has to be installed.

#[cfg(feature = "wire")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo::rerun-if-changed=tacit/v1");
    let descriptors = protox::compile(["tacit/v1/enrollment.proto", "tacit/v1/telemetry.proto"], ["."])?;
    tonic_prost_build::configure().compile_fds(descriptors)?;
    Ok(())
}

#[cfg(not(feature = "wire"))]
fn main() {}
