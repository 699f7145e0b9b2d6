//! Tools that the model may call.

use std::borrow::Cow;

use super::CacheMark;
use crate::json::{Json, Object};

#[derive(Clone, Debug, PartialEq)]
pub struct Tool<'a> {
    pub kind: ToolKind<'a>,
    pub cache: Option<CacheMark<'a>>,
    pub rest: Object<'a>,
}

impl<'a> Tool<'a> {
    pub fn new(kind: ToolKind<'a>) -> Self {
        Self { kind, cache: None, rest: Object::new() }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub enum ToolKind<'a> {
    Function {
        name: Cow<'a, str>,
        description: Option<Cow<'a, str>>,
        /// A JSON schema; absent: no parameters.
        parameters: Option<Json<'a>>,
        /// The arguments must follow the schema.
        strict: Option<bool>,
    },
    /// One that the provider runs or defines itself (web search, computer use, custom grammars), whole.
    Native(Json<'a>),
}

#[derive(Clone, Debug, PartialEq)]
pub enum ToolChoice<'a> {
    /// The model decides.
    Auto,
    /// No tool.
    None,
    /// At least one, whichever.
    Required,
    /// This function.
    Function(Cow<'a, str>),
    /// Only these functions, and at least one of them if `required`.
    Allowed { names: Vec<Cow<'a, str>>, required: bool },
    /// One that only its own dialect knows.
    Other(Json<'a>),
}
