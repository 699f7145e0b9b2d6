//! Makes a piece of a page equal to another, touching only what differs.

use std::collections::{HashMap, HashSet};

use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::{Element, Node};

/// Attributes that belong to the viewer or to the page's script, not to the server.
const OWN: [&str; 6] = ["open", "data-fits", "data-copied", "data-off", "title", "style"];

/// Makes `old`, which is in the page, equal to `new`, which is taken apart for it.
///
/// Children with `data-key` are the same where their keys are. Elements with `data-whole` were changed by the page's
/// script: they are replaced as a whole when the server's own text of them changes, but not under the viewer's hand.
pub fn morph(old: &Element, new: &Element) {
    attributes(old, new);
    children(old, new);
}

fn attributes(old: &Element, new: &Element) {
    for name in names(new) {
        let value = new.get_attribute(&name);
        if old.get_attribute(&name) != value && !OWN.contains(&name.as_str()) {
            let _ = old.set_attribute(&name, value.as_deref().unwrap_or_default());
        }
    }
    for name in names(old) {
        if !new.has_attribute(&name) && !OWN.contains(&name.as_str()) {
            let _ = old.remove_attribute(&name);
        }
    }
}

fn names(element: &Element) -> Vec<String> {
    element.get_attribute_names().iter().filter_map(|name| name.as_string()).collect()
}

fn children(old: &Node, new: &Node) {
    let known: HashMap<String, Node> = nodes(old).into_iter().filter_map(|node| Some((key(&node)?, node))).collect();
    let wanted: HashSet<String> = nodes(new).iter().filter_map(key).collect();
    let mut at = old.first_child();
    for fresh in nodes(new) {
        // What is gone goes first, so that what stays need not move: moving takes the focus away.
        while let Some(gone) = at.clone().filter(|node| key(node).is_some_and(|key| !wanted.contains(&key))) {
            at = gone.next_sibling();
            let _ = old.remove_child(&gone);
        }
        let same = match key(&fresh) {
            Some(key) => known.get(&key).cloned(),
            None => at.clone().filter(|node| key(node).is_none() && is_alike(node, &fresh)),
        };
        let Some(same) = same else {
            let _ = old.insert_before(&fresh, at.as_ref());
            continue;
        };
        if at.as_ref() == Some(&same) {
            at = same.next_sibling();
        } else {
            let _ = old.insert_before(&same, at.as_ref());
        }
        node(&same, &fresh);
    }
    while let Some(rest) = at {
        at = rest.next_sibling();
        let _ = old.remove_child(&rest);
    }
}

fn node(old: &Node, new: &Node) {
    let (Some(old_element), Some(new_element)) = (old.dyn_ref::<Element>(), new.dyn_ref::<Element>()) else {
        if old.node_value() != new.node_value() {
            old.set_node_value(new.node_value().as_deref());
        }
        return;
    };
    if new_element.has_attribute("data-whole") {
        whole(old_element, new_element);
    } else if !is_same_moment(old_element, new_element) && old_element.tag_name() != "LEPTOS-ISLAND" {
        morph(old_element, new_element);
    }
}

/// The script has put the moment into the viewer's own words.
fn is_same_moment(old: &Element, new: &Element) -> bool {
    old.tag_name() == "TIME" && old.get_attribute("datetime") == new.get_attribute("datetime")
}

fn whole(old: &Element, new: &Element) {
    let source = JsValue::from_str("tollgateSource");
    let text = JsValue::from_str(&new.outer_html());
    if js_sys::Reflect::get(old, &source).is_ok_and(|last| last == text) {
        return;
    }
    let busy = old.matches(":hover, :focus-within").unwrap_or(false)
        || old.query_selector("details[open]").is_ok_and(|open| open.is_some());
    if !busy {
        let _ = js_sys::Reflect::set(new, &source, &text);
        let _ = old.replace_with_with_node_1(new);
    }
}

fn is_alike(old: &Node, new: &Node) -> bool {
    old.node_type() == new.node_type() && old.node_name() == new.node_name()
}

fn key(node: &Node) -> Option<String> {
    node.dyn_ref::<Element>()?.get_attribute("data-key")
}

fn nodes(parent: &Node) -> Vec<Node> {
    let mut found = Vec::new();
    let mut next = parent.first_child();
    while let Some(node) = next {
        next = node.next_sibling();
        found.push(node);
    }
    found
}
