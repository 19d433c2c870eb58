//! The folder of the built dashboard has to be there to be embedded, also when nothing was built. `make web` fills it.

fn main() -> std::io::Result<()> {
    std::fs::create_dir_all("web/dist")?;
    println!("cargo::rerun-if-changed=web/dist");
    Ok(())
}
