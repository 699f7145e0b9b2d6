//! Which routes there are: those of the document, of LiteLLM's table, and whatever else the sources route.

use std::path::Path;

/// Method and path, a part that stands for something in braces.
pub type Route = (String, String);

/// The only form in which routes may be written elsewhere than in the document and LiteLLM's table.
const SOURCES: [&str; 3] = ["src/http", "../app/src", "../server/gateway/src"];

/// Routes in loops, written out.
const IN_LOOPS: [(&str, &str); 15] = [
    ("POST", "/chat/completions"),
    ("POST", "/completions"),
    ("POST", "/embeddings"),
    ("POST", "/responses"),
    ("POST", "/images/generations"),
    ("POST", "/images/edits"),
    ("POST", "/images/variations"),
    ("POST", "/moderations"),
    ("POST", "/rerank"),
    ("POST", "/audio/speech"),
    ("POST", "/audio/transcriptions"),
    ("POST", "/audio/translations"),
    ("GET", "/models"),
    ("POST", "/models/{*name}"),
    ("GET", "/models/{*name}"),
];

/// What answers that there is no such thing.
const NOWHERE: [&str; 4] = ["/api", "/api/{*path}", "/scim", "/scim/{*path}"];

pub fn all() -> Vec<Route> {
    let mut all: Vec<Route> = super::super::api::routes().into_iter().map(|(m, path)| (m.to_string(), path)).collect();
    all.extend(super::super::litellm::routes::ROUTES.iter().map(|r| (r.method.to_string(), r.path.to_owned())));
    for (method, path) in IN_LOOPS {
        all.extend(["", "/v1"].map(|prefix| (method.to_owned(), format!("{prefix}{path}"))));
    }
    for folder in SOURCES {
        visit(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut all);
    }
    all.retain(|(_, path)| !NOWHERE.contains(&path.as_str()));
    all.sort();
    all.dedup();
    all
}

fn visit(path: &Path, all: &mut Vec<Route>) {
    if path.ends_with("tests") || path.ends_with("sweep") || path.ends_with("tests.rs") {
        return;
    }
    if path.is_dir() {
        for entry in std::fs::read_dir(path).unwrap() {
            visit(&entry.unwrap().path(), all);
        }
    } else if path.extension().is_some_and(|extension| extension == "rs") {
        read(&std::fs::read_to_string(path).unwrap(), all);
    }
}

fn read(text: &str, all: &mut Vec<Route>) {
    for rest in text.split(".route(\"").skip(1) {
        let (path, rest) = rest.split_once('"').unwrap();
        let method = rest.trim_start_matches([',', ' ', '\n']).split('(').next().unwrap();
        if path == "/ui/api/{*function}" {
            continue;
        }
        let method = if method == "any" { "GET".to_owned() } else { method.to_uppercase() };
        let known = ["GET", "POST", "PUT", "PATCH", "DELETE"].contains(&method.as_str());
        assert!(known, "{method} {path} is routed in a way that is not read here");
        all.push((method, path.to_owned()));
    }
    // Pages.
    for rest in text.split("path!(\"").skip(1) {
        let path = rest.split_once('"').unwrap().0;
        let path: Vec<_> = path.split('/').filter(|part| !part.is_empty() && *part != "ui").collect();
        let path: String = path.iter().fold("/ui".to_owned(), |all, part| match part.strip_prefix([':', '*']) {
            Some(name) if part.starts_with('*') => format!("{all}/{{*{name}}}"),
            Some(name) => format!("{all}/{{{name}}}"),
            None => format!("{all}/{part}"),
        });
        all.push(("GET".to_owned(), path));
    }
    // Server functions.
    for rest in text.split("#[server(").skip(1) {
        let (prefix, rest) = rest.split_once("prefix = \"").unwrap().1.split_once('"').unwrap();
        let endpoint = rest.split_once("endpoint = \"").unwrap().1.split_once('"').unwrap().0;
        all.push(("POST".to_owned(), format!("{prefix}/{endpoint}")));
    }
}

/// The route that takes this path: the one with most in common.
pub fn of<'a>(routes: &'a [Route], method: &str, path: &str) -> Option<&'a Route> {
    let fits = |route: &&Route| {
        let (mut given, mut parts) = (path.split('/'), route.1.split('/'));
        loop {
            match (given.next(), parts.next()) {
                (None, None) => return true,
                (Some(_), Some(part)) if part.starts_with("{*") => return true,
                (Some(text), Some(part)) if part.starts_with('{') => assert!(!text.is_empty()),
                (Some(text), Some(part)) if text == part => {}
                _ => return false,
            }
        }
    };
    routes
        .iter()
        .filter(|route| route.0 == method)
        .filter(fits)
        .min_by_key(|route| (route.1.contains("{*"), route.1.matches('{').count()))
}
