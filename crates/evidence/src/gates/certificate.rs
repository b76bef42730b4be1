//! A certificate says that these facts gave these verdicts. Its hash is the SHA-256 of canonical JSON: keys in order, no
//! spaces, numbers in their shortest form. Whoever has the facts can compute it anew; whoever changes one cannot.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::{Evaluation, Outcome};
use crate::Time;

/// That a gate was passed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Certificate {
    /// The form of this certificate.
    pub schema: String,
    /// Which gate.
    pub gate: String,
    /// When it was evaluated.
    pub at: Time,
    /// SHA-256 of the facts, in lower-case hex.
    pub facts_sha256: String,
    /// SHA-256 of the verdicts, in lower-case hex.
    pub verdicts_sha256: String,
    /// SHA-256 of all of the above, in lower-case hex.
    pub sha256: String,
}

const SCHEMA: &str = "tradewind.certificate/1";

/// Why there is no certificate, or why one does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unproven {
    /// The gate was not passed.
    NotPassed,
    /// The facts, or what they are compared with, are not those of the certificate.
    OtherFacts,
    /// The verdicts are not those of the certificate.
    OtherVerdicts,
    /// The certificate itself was changed, or is of another form.
    Changed,
    /// The facts cannot be written as JSON.
    Unwritable,
}

impl fmt::Display for Unproven {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotPassed => "the gate was not passed, so there is nothing to certify",
            Self::OtherFacts => "the facts are not those that were certified: evaluate the gate anew",
            Self::OtherVerdicts => "the verdicts are not those that were certified: evaluate the gate anew",
            Self::Changed => "the certificate was changed, or is of another form: evaluate the gate anew",
            Self::Unwritable => "the facts hold what JSON cannot: a key that is no text",
        })
    }
}

impl std::error::Error for Unproven {}

/// Canonical JSON: keys in the order of their bytes, no spaces.
pub fn canonical(value: &impl Serialize) -> Result<String, Unproven> {
    let value = serde_json::to_value(value).map_err(|_| Unproven::Unwritable)?;
    serde_json::to_string(&ordered(value)).map_err(|_| Unproven::Unwritable)
}

fn ordered(value: Value) -> Value {
    match value {
        Value::Array(list) => Value::Array(list.into_iter().map(ordered).collect()),
        Value::Object(map) => {
            let mut entries: Vec<(String, Value)> =
                map.into_iter().map(|(key, value)| (key, ordered(value))).collect();
            entries.sort_by(|a, b| a.0.cmp(&b.0));
            Value::Object(entries.into_iter().collect())
        }
        other => other,
    }
}

/// The SHA-256 of a text, in lower-case hex.
pub fn sha256(text: &str) -> String {
    data_encoding::HEXLOWER.encode(&Sha256::digest(text.as_bytes()))
}

fn seal(certificate: &Certificate) -> String {
    let Certificate { schema, gate, at, facts_sha256, verdicts_sha256, sha256: _ } = certificate;
    sha256(&format!("{schema}\n{gate}\n{}\n{facts_sha256}\n{verdicts_sha256}", at.to_rfc3339()))
}

/// Certifies a gate that was passed; `facts` is everything that was evaluated: the facts, and the reference that they were
/// held against.
pub fn certify(facts: &impl Serialize, evaluation: &Evaluation, at: Time) -> Result<Certificate, Unproven> {
    if evaluation.outcome != Outcome::Passed {
        return Err(Unproven::NotPassed);
    }
    let mut certificate = Certificate {
        schema: SCHEMA.to_owned(),
        gate: evaluation.gate.clone(),
        at,
        facts_sha256: sha256(&canonical(facts)?),
        verdicts_sha256: sha256(&canonical(evaluation)?),
        sha256: String::new(),
    };
    certificate.sha256 = seal(&certificate);
    Ok(certificate)
}

impl Certificate {
    /// Whether these facts and these verdicts are what was certified.
    pub fn holds(&self, facts: &impl Serialize, evaluation: &Evaluation) -> Result<(), Unproven> {
        if self.schema != SCHEMA || self.sha256 != seal(self) || self.gate != evaluation.gate {
            return Err(Unproven::Changed);
        }
        if self.facts_sha256 != sha256(&canonical(facts)?) {
            return Err(Unproven::OtherFacts);
        }
        if self.verdicts_sha256 != sha256(&canonical(evaluation)?) {
            return Err(Unproven::OtherVerdicts);
        }
        Ok(())
    }
}
