//! `/v1/messages/count_tokens`.
//!
//! Its request is read like one for an answer, by [`super::Messages`].

use crate::json::{Bad, Json, Object};
use crate::neutral::{Dialect, Error, Losses, Request};
use crate::{Target, Written};

use super::{thinking, write};

/// Writes a request for the number of tokens in the prompt.
pub fn write_request(request: &Request<'_>, target: Target<'_>) -> Result<Written, Error> {
    let mut lost = Losses::new(Dialect::Messages);
    let mut o = write::prompt(request, target, &mut lost)?;
    thinking::write(&mut o, request, target, &mut lost);
    Ok(Written { path: "/v1/messages/count_tokens".to_owned(), body: o.to_vec(), lost })
}

/// Reads how many tokens the provider counted.
pub fn read_answer(body: &[u8]) -> Result<u64, Error> {
    let broken = |e: Bad| Error::broken(e.to_string());
    let object = Json::parse(body).map_err(|e| Error::broken(e.to_string()))?;
    let mut object = object.into_object().map_err(broken)?;
    object
        .take_u64("input_tokens")
        .map_err(broken)?
        .ok_or_else(|| Error::broken("the provider counted no `input_tokens`"))
}

pub fn write_answer(tokens: u64) -> Vec<u8> {
    Object::new().with("input_tokens", tokens).to_vec()
}
