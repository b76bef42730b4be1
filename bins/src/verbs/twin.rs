//! `twin`: every signal beside what the replay makes of it on bars.

use serde_json::json;

use crate::args::TwinArgs;
use crate::failure::{Exit, Failure};
use crate::out::Out;
use crate::place::Place;
use crate::twin;

/// Plays the signals of the journal again, and says where they part.
pub fn twin(out: Out, place: &Place, asked: &TwinArgs) -> Result<(), Failure> {
    let bars = twin::bars(place, asked.bars.as_ref()).ok_or_else(|| {
        Failure::usage("bars_not_named", "no bars are named to play the signals on")
            .fix("give --bars DIR, or write [gate] bars = \"DIR\" into the configuration")
    })?;
    let reading = place.read(None)?;
    let twin = twin::compute(place, &reading, &reading.story()?, &bars)?;
    if let Some(file) = &asked.out {
        twin::write(&twin, file)?;
    }
    let kept = asked.out.as_ref().map_or_else(String::new, |file| format!("Kept: {}\n", file.display()));
    out.text(&format!("{}\n{}{kept}", reading.headline(), twin::text(&twin)))?;
    let mut data = serde_json::to_value(&twin).map_err(|error| {
        Failure::new(Exit::Unexpected, "unexpected", "the pairs cannot be written").because(&error)
    })?;
    data["out"] = json!(asked.out);
    out.document("twin", &reading.heading(), reading.as_of, &data)
}
