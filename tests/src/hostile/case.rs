//! A case: a guest, what it may use, and what has to come of it.

use super::load::Refused;
use super::surroundings::Surroundings;
use crate::archives;
use crate::binary;
use crate::executions::ActionResult;
use crate::pipelines::Action;
use crate::plugins::Plugin;
use crate::rig::Rig;

/// What holds unless the case says otherwise: enough for any guest to get where it wants to, on a machine that has
/// other things to do.
const USUAL: [(&str, &str); 3] = [
    ("wall", "\"5m\""),
    ("cpu", "\"1m\""),
    ("memory", "\"80MiB\""),
];

/// How a job has to end.
#[derive(Clone, Copy, Debug)]
pub enum End {
    /// A limit was hit, and is named: its key, its words, its value.
    Hits(&'static str, &'static str, &'static str),
    /// A failure of this type, with all of these words.
    Fails(&'static str, &'static [&'static str]),
    /// Success: what was tried had no effect.
    Succeeds,
}

/// What a check is shown of a job that has ended.
#[derive(Debug)]
pub struct Seen {
    /// What CodePipeline was told.
    pub result: ActionResult,
    /// The job's log.
    pub log: String,
    /// The output artifact's files, where the job succeeded.
    pub output: Vec<(String, Vec<u8>)>,
}

impl Seen {
    /// What a rig's worker and service have of a job.
    pub(super) async fn of(result: &ActionResult, rig: &Rig) -> Seen {
        let log = result.external_id.as_ref().map(|id| rig.job_log(id));
        let output = match result.outputs.values().next() {
            Some(place) if result.status == "Succeeded" => {
                archives::unzip(&rig.service.object(place).await)
            }
            _ => Vec::new(),
        };
        Seen {
            result: result.clone(),
            log: log.unwrap_or_default(),
            output,
        }
    }

    /// An output variable.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.result.variables.get(name).map(String::as_str)
    }
}

/// One guest, and what has to come of it.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    /// The guest's file, without its ending.
    pub guest: &'static str,
    /// How its job has to end.
    pub end: End,
    /// Lines of its manifest's `[limits]`: key and value.
    limits: &'static [(&'static str, &'static str)],
    configuration: &'static [(&'static str, &'static str)],
    is_text: bool,
    is_command: bool,
    is_asynchronous: bool,
    reaches: bool,
    check: Option<fn(&Seen)>,
}

impl Case {
    const fn new(guest: &'static str, end: End) -> Case {
        Case {
            guest,
            end,
            limits: &[],
            configuration: &[],
            is_text: false,
            is_command: false,
            is_asynchronous: false,
            reaches: false,
            check: None,
        }
    }

    /// A guest that hits a limit.
    pub(super) const fn hits(
        guest: &'static str,
        key: &'static str,
        words: &'static str,
        value: &'static str,
    ) -> Case {
        Case::new(guest, End::Hits(key, words, value))
    }

    /// A guest whose job fails with these words, as `JobFailed`.
    pub(super) const fn fails(guest: &'static str, says: &'static [&'static str]) -> Case {
        Case::new(guest, End::Fails("JobFailed", says))
    }

    /// A guest that the worker has to end before it can end itself, as `SystemUnavailable`.
    pub(super) const fn interrupted(guest: &'static str, says: &'static [&'static str]) -> Case {
        Case::new(guest, End::Fails("SystemUnavailable", says))
    }

    /// A guest that is let, and reaches nothing.
    pub(super) const fn succeeds(guest: &'static str) -> Case {
        Case::new(guest, End::Succeeds)
    }

    /// With these limits in place of the usual.
    pub(super) const fn limited(mut self, limits: &'static [(&'static str, &'static str)]) -> Case {
        self.limits = limits;
        self
    }

    /// With this configuration.
    pub(super) const fn with(
        mut self,
        configuration: &'static [(&'static str, &'static str)],
    ) -> Case {
        self.configuration = configuration;
        self
    }

    /// Written as wasm text.
    pub(super) const fn text(mut self) -> Case {
        self.is_text = true;
        self
    }

    /// Written as wasm text, with an asynchronous entry.
    pub(super) const fn asynchronous(mut self) -> Case {
        self.is_asynchronous = true;
        self.text()
    }

    /// The lines of its `[plugins.NAME]`, besides.
    #[must_use]
    pub(super) fn switches(&self) -> &'static str {
        if self.is_asynchronous {
            "async = true\n"
        } else {
            ""
        }
    }

    /// A plain command.
    pub(super) const fn command(mut self) -> Case {
        self.is_command = true;
        self
    }

    /// With the network and a secret.
    pub(super) const fn reaching(mut self) -> Case {
        self.reaches = true;
        self
    }

    /// Whether it is granted the network and a secret.
    #[must_use]
    pub fn reaches(&self) -> bool {
        self.reaches
    }

    /// And more is to be seen of it.
    pub(super) const fn and(mut self, check: fn(&Seen)) -> Case {
        self.check = Some(check);
        self
    }

    /// The name of its plugin, and the provider of its action type: by this the guests in Rust know who they are.
    #[must_use]
    pub fn plugin_name(&self) -> String {
        self.guest.replace('_', "-")
    }

    /// The plugin.
    #[must_use]
    pub fn plugin(&self) -> Plugin {
        let wasm = match self {
            Case { is_text: true, .. } => self.guest,
            Case { reaches: true, .. } => "reaching",
            Case {
                is_command: true, ..
            } => "commands",
            Case { .. } => "rust",
        };
        let mut plugin = Plugin::probe(&self.plugin_name()).named(&self.plugin_name());
        plugin.wasm = binary::guest(&format!("hostile/{wasm}"));
        plugin.properties = match self.reaches {
            true => ["server", "other", "crowded"].map(str::to_owned).to_vec(),
            false => Vec::new(),
        };
        plugin.allow_empty = true;
        let own = |key: &str| self.limits.iter().any(|(own, _)| *own == key);
        let usual = USUAL.iter().filter(|(key, _)| !own(key));
        plugin.limits = usual
            .chain(self.limits)
            .map(|(key, value)| format!("{key} = {value}\n"))
            .collect();
        plugin
    }

    /// An action of it, with an input and an output.
    #[must_use]
    pub fn action(&self, plugin: &Plugin, name: &str, around: &Surroundings) -> Action {
        let mut action = Action::new(name, plugin)
            .input("Source")
            .output(&format!("{name}Out"));
        if self.reaches {
            for (key, value) in around.configuration() {
                action = action.with(key, &value);
            }
        }
        self.configuration
            .iter()
            .fold(action, |action, (key, value)| action.with(key, value))
    }

    /// Whether the job ended as it had to, by what CodePipeline was told. The reason why not, else.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn judge(&self, result: &ActionResult) -> Result<(), String> {
        let wrong = |what: &str| {
            Err(format!(
                "{}: {what}; it had to end with {:?}, and came to {result:#?}",
                self.guest, self.end
            ))
        };
        let (kind, message) = match (&result.error, self.end) {
            (None, End::Succeeds) if result.status == "Succeeded" => return Ok(()),
            (None, _) => return wrong("it did not fail"),
            (Some(_), End::Succeeds) => return wrong("it failed"),
            (Some((kind, message)), _) => (kind, message),
        };
        if message.chars().any(|c| c.is_control() && c != '\n') {
            return wrong("its message has control codes");
        }
        match self.end {
            End::Succeeds => Ok(()),
            End::Fails(wanted, says) => {
                match says.iter().find(|words| !message.contains(**words)) {
                    Some(words) => wrong(&format!("{words:?} is not said")),
                    None if kind != wanted => wrong("the failure is of another type"),
                    None => Ok(()),
                }
            }
            End::Hits(key, words, value) => {
                let named = format!(
                    "the plugin hit its {words} of {value} (plugin `{}`, action `",
                    self.plugin_name()
                );
                let remedy = format!("sets `{key}` (such as ");
                match (message.starts_with(&named), message.contains(&remedy)) {
                    (false, _) => wrong(&format!("it does not begin with {named:?}")),
                    (_, false) => wrong(&format!("the remedy {remedy:?} is not told")),
                    _ if kind != "JobFailed" => wrong("the failure is of another type"),
                    _ => Ok(()),
                }
            }
        }
    }

    /// The same, and all the rest that is to be seen.
    ///
    /// # Panics
    /// Where it ended otherwise.
    pub fn check(&self, seen: &Seen) {
        if let Err(wrong) = self.judge(&seen.result) {
            panic!("{wrong}\nits log:\n{}", shown(&seen.log));
        }
        assert!(
            !seen
                .log
                .chars()
                .any(|c| c.is_control() && c != '\n' && c != '\t'),
            "{}: the log has control codes",
            self.guest
        );
        if let Some(check) = self.check {
            check(seen);
        }
    }
}

/// The end of a log, for a failure.
fn shown(log: &str) -> &str {
    &log[log.ceil_char_boundary(log.len().saturating_sub(4000))..]
}

/// Whether every guest has a case, and only one: in a constant, so that the build fails else.
pub(super) const fn each_has_one(
    guests: &[&'static str],
    groups: &[&[&[Case]]],
    never_served: &[Refused],
) {
    let mut at = 0;
    while at < guests.len() {
        let mut cases = 0;
        let mut group = 0;
        while group < groups.len() {
            let mut area = 0;
            while area < groups[group].len() {
                cases += count(groups[group][area], guests[at]);
                area += 1;
            }
            group += 1;
        }
        let mut case = 0;
        while case < never_served.len() {
            cases += same(never_served[case].guest, guests[at]) as usize;
            case += 1;
        }
        if cases != 1 {
            // A constant's message can be no more than a text: it is the guest that has no case, or several.
            panic!("{}", guests[at]);
        }
        at += 1;
    }
}

const fn count(cases: &[Case], guest: &str) -> usize {
    let mut found = 0;
    let mut at = 0;
    while at < cases.len() {
        found += same(cases[at].guest, guest) as usize;
        at += 1;
    }
    found
}

const fn same(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    if one.len() != other.len() {
        return false;
    }
    let mut at = 0;
    while at < one.len() {
        if one[at] != other[at] {
            return false;
        }
        at += 1;
    }
    true
}
