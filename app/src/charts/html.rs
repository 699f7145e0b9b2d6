//! A small writer of HTML and SVG. Every text and every attribute goes through [`escape`]: names of models and keys are
//! whatever people typed.

use std::fmt::{Display, Write as _};

#[derive(Default)]
pub struct Html(String);

impl Html {
    /// Opens an element. Elements without an end tag in HTML stay open and need no [`Html::close`].
    pub fn open(&mut self, name: &'static str, attributes: &[(&'static str, &dyn Display)]) -> &mut Self {
        self.0.push('<');
        self.0.push_str(name);
        for (name, value) in attributes {
            let _ = write!(self.0, " {name}=\"");
            escape(&value.to_string(), &mut self.0);
            self.0.push('"');
        }
        self.0.push('>');
        self
    }

    pub fn close(&mut self, name: &'static str) -> &mut Self {
        let _ = write!(self.0, "</{name}>");
        self
    }

    pub fn text(&mut self, text: &str) -> &mut Self {
        escape(text, &mut self.0);
        self
    }

    /// An element with only text in it.
    pub fn leaf(&mut self, name: &'static str, attributes: &[(&'static str, &dyn Display)], text: &str) -> &mut Self {
        self.open(name, attributes).text(text).close(name)
    }

    pub fn finish(self) -> String {
        self.0
    }
}

fn escape(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_breaks_out_of_a_text_or_an_attribute() {
        let mut html = Html::default();
        let name = r#"<script>alert("1")</script>&'"#;
        html.leaf("td", &[("data-name", &name), ("width", &12)], name);
        assert_eq!(
            html.finish(),
            "<td data-name=\"&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&amp;&#39;\" width=\"12\">\
             &lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&amp;&#39;</td>"
        );
    }
}
