//! Streams whose events are JSON objects that say what they are, and that say when they are complete.

use super::Events;
use crate::ReadStream;
use crate::json::{Bad, Json, Object};
use crate::neutral::{Error, ErrorKind, Event};

/// What hears the events of such a stream.
pub trait Hear: Default + Send {
    /// The stream said that it is complete, or failed.
    fn is_done(&self) -> bool;

    /// Takes an event; `data` is what it was parsed of.
    fn hear(&mut self, event: Object<'_>, data: &[u8], each: &mut dyn FnMut(Event<'_>)) -> Result<(), Bad>;
}

#[derive(Debug, Default)]
pub struct Typed<H> {
    events: Events,
    state: H,
}

impl<H: Hear> ReadStream for Typed<H> {
    fn feed(&mut self, bytes: &[u8], each: &mut dyn FnMut(Event<'_>)) -> Result<(), Error> {
        let state = &mut self.state;
        self.events.feed(bytes, &mut |_, data| take(state, data, each))
    }

    fn end(&mut self, each: &mut dyn FnMut(Event<'_>)) -> Result<(), Error> {
        let state = &mut self.state;
        self.events.end(&mut |_, data| take(state, data, each))?;
        if state.is_done() {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Network, "the provider's stream broke off"))
    }
}

fn take(state: &mut impl Hear, data: &[u8], each: &mut dyn FnMut(Event<'_>)) -> Result<(), Error> {
    if state.is_done() || data.trim_ascii().is_empty() || super::is_done(data) {
        return Ok(());
    }
    let broken = |e: Bad| Error::broken(format!("an event of the stream: {e}"));
    let event = Json::parse(data).map_err(|e| Error::broken(e.to_string()))?;
    state.hear(event.into_object().map_err(broken)?, data, each).map_err(broken)
}
