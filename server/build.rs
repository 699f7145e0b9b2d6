//! Gathers the dashboard's static files, so that the program is one file that can be copied.
//!
//! Style sheets are joined in the order of their names' list, public files are taken as they are. The wasm is taken
//! from `target/site/pkg` if `app/build.sh` has made it; without it the pages work, but don't come alive.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default()).join("..").canonicalize()?;
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    let site = env::var_os("TOLLGATE_SITE_DIR").map_or_else(|| root.join("target/site"), PathBuf::from);
    println!("cargo::rerun-if-env-changed=TOLLGATE_SITE_DIR");

    let mut files: Vec<(String, PathBuf)> = Vec::new();
    let styles = out.join("tollgate.css");
    fs::write(&styles, join_styles(&root.join("style"))?)?;
    files.push(("tollgate.css".to_owned(), styles));
    collect(&root.join("public"), "", &mut files)?;
    // A folder that is not there yet is looked for again at every build.
    println!("cargo::rerun-if-changed={}", site.join("pkg").display());
    if site.join("pkg").is_dir() {
        collect(&site.join("pkg"), "pkg/", &mut files)?;
    }
    files.sort();

    let mut table = String::from("&[\n");
    for (name, path) in &files {
        let _ = writeln!(table, "    ({name:?}, include_bytes!({:?})),", path.display().to_string());
    }
    table.push_str("]\n");
    fs::write(out.join("site_files.rs"), table)
}

/// The style sheets as one, in the order that `order.txt` names.
fn join_styles(folder: &Path) -> io::Result<String> {
    let order = folder.join("order.txt");
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut joined = String::new();
    for line in
        fs::read_to_string(order)?.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'))
    {
        let path = folder.join(line);
        println!("cargo::rerun-if-changed={}", path.display());
        joined.push_str(&fs::read_to_string(&path)?);
        joined.push('\n');
    }
    Ok(joined)
}

fn collect(folder: &Path, prefix: &str, files: &mut Vec<(String, PathBuf)>) -> io::Result<()> {
    println!("cargo::rerun-if-changed={}", folder.display());
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
        if path.is_dir() {
            collect(&path, &format!("{prefix}{name}/"), files)?;
        } else {
            println!("cargo::rerun-if-changed={}", path.display());
            files.push((format!("{prefix}{name}"), path));
        }
    }
    Ok(())
}
