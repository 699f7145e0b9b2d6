//! Files that include files.

use std::fs;

use super::*;

const MODEL: &str = "- {model_name: NAME, litellm_params: {model: simulator/echo}}\n";

fn model(name: &str) -> String {
    MODEL.replace("NAME", name)
}

fn load_files(files: &[(&str, &str)]) -> Result<Loaded, Findings> {
    let directory = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = directory.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let result = load(&directory.path().join(files[0].0), &env(&[]));
    // Without the directory's own name, which is another one each time.
    let prefix = format!("{}/", directory.path().display());
    let strip = |mut findings: Findings| {
        for finding in &mut findings.0 {
            finding.file = finding.file.replace(&prefix, "");
            finding.message = finding.message.replace(&prefix, "");
        }
        findings
    };
    match result {
        Ok(loaded) => Ok(Loaded { findings: strip(loaded.findings), ..loaded }),
        Err(findings) => Err(strip(findings)),
    }
}

#[test]
fn lists_are_joined_and_settings_laid_over_each_other() {
    let main = format!(
        "include: [models/a.yaml, b.yaml]\nmodel_list:\n{}general_settings:\n  max_request_size_mb: 1\n  \
         max_response_size_mb: 2\n",
        model("one")
    );
    let a = format!("include: [deeper.yaml]\nmodel_list:\n{}", model("two"));
    let b = "general_settings: {max_request_size_mb: 0.5}\n";
    let deeper = format!("model_list:\n{}", model("three"));
    let files = [("main.yaml", main.as_str()), ("models/a.yaml", &a), ("b.yaml", b), ("models/deeper.yaml", &deeper)];
    let Loaded { config, findings } = load_files(&files).unwrap_or_else(|findings| panic!("{findings}"));
    assert_eq!(config.catalog.names(), ["one", "three", "two"]);
    assert_eq!(config.general.max_request_bytes, Some(512 << 10));
    assert_eq!(config.general.max_response_bytes, Some(2 << 20));
    assert_eq!(findings.0[0].file, "main.yaml");
    assert_eq!(
        told(&findings),
        ["5 warning general_settings.max_request_size_mb: replaced by b.yaml:1 [keep one of the two]"]
    );
}

#[test]
fn a_mistake_in_an_included_file_names_that_file() {
    let files = [("main.yaml", "include:\n  - x/a.yaml\n"), ("x/a.yaml", "\nmodel_list: [{model_name: a}]\n")];
    let findings = load_files(&files).unwrap_err();
    assert_eq!(findings.0[0].file, "x/a.yaml");
    assert_eq!(
        told(&findings),
        [
            "2 error model_list[0].litellm_params: is missing [the provider's model: `litellm_params: {model: openai/gpt-4o}`]"
        ]
    );
}

#[test]
fn a_circle_is_read_once() {
    let main = format!("include: [a.yaml]\nmodel_list:\n{}", model("one"));
    let loaded = load_files(&[("main.yaml", &main), ("a.yaml", "include: [main.yaml]\n")]).unwrap();
    assert_eq!(loaded.config.catalog.names(), ["one"]);
    assert_eq!(
        told(&loaded.findings),
        ["1 warning include[0]: `main.yaml` is part of this configuration already: it is read once [take one of the \
         two `include` lines away]"]
    );
}

#[test]
fn what_can_not_be_read_is_told_where_it_is_asked_for() {
    let findings = load_files(&[("main.yaml", "include: [nowhere.yaml]\n")]).unwrap_err();
    let told = told(&findings);
    assert!(told[0].starts_with("1 error include[0]: can't read `nowhere.yaml`: "), "{told:?}");
    assert!(told[0].ends_with("[a path is relative to the file that includes it]"), "{told:?}");

    let findings = load_files(&[("main.yaml", "include: more.yaml\n")]).unwrap_err();
    assert_eq!(
        super::told(&findings),
        ["1 error include: needs a list, this is text [write `- ` before each item, indented below this key]"]
    );
    let findings = load(Path::new("/no/such/config.yaml"), &env(&[])).unwrap_err();
    assert!(findings.to_string().starts_with("error: can't read `/no/such/config.yaml`: "), "{findings}");
    assert!(load(&std::env::temp_dir(), &env(&[])).is_err());
}

#[test]
fn size_depth_and_encoding_are_bounded() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("c.yaml");
    let message = |bytes: &[u8]| {
        fs::write(&path, bytes).unwrap();
        load(&path, &env(&[])).unwrap_err().0[0].message.clone()
    };
    assert!(message(&vec![b'#'; (4 << 20) + 1]).ends_with("larger than 4 MiB"));
    assert!(message(b"a: \xff").ends_with("not UTF-8 at byte 3"));

    let names: Vec<String> = (0..20).map(|i| format!("{i}.yaml")).collect();
    let texts: Vec<String> = (1..=20).map(|i| format!("include: [{i}.yaml]\n")).collect();
    let files: Vec<(&str, &str)> = names.iter().map(String::as_str).zip(texts.iter().map(String::as_str)).collect();
    let findings = load_files(&files).unwrap_err();
    assert_eq!(told(&findings), ["1 error include[0]: too many included files [at most 64 files, at most 8 deep]"]);
    assert_eq!(findings.0[0].file, "8.yaml");
}
