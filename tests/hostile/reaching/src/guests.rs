//! Which guest it is.

use crate::answer::{Answer, Job, failed};
use crate::bindings::exports::pipefitter::action::handler::Guest;

macro_rules! guests {
    ($($name:ident,)*) => {
        $(mod $name;)*

        fn named(name: &str) -> Option<fn(&Job) -> Answer> {
            match name {
                $(stringify!($name) => Some($name::run),)*
                _ => None,
            }
        }
    };
}

guests! {
    ask_for_metadata,
    ask_many_at_a_time,
    ask_too_often,
    be_sent_giant_headers,
    be_sent_many_headers,
    break_out_of_granted_folders,
    flood_with_secret_reads,
    follow_a_redirect,
    forge_requests,
    hide_a_secret_in_its_summary,
    hide_a_secret_in_its_token,
    hide_a_secret_in_variables,
    look_for_an_attached_secret,
    read_other_secrets,
    receive_without_end,
    send_giant_headers,
    send_many_headers,
    send_without_end,
    tell_a_granted_secret,
    wait_on_a_dripping_server,
    wait_for_a_connection,
    wait_on_a_silent_server,
    wait_on_a_stalled_server,
}

pub(crate) struct Hostile;

impl Guest for Hostile {
    fn run(job: Job) -> Answer {
        let name = job.action_type.provider.replace('-', "_");
        match named(&name) {
            Some(run) => run(&job),
            None => failed(format!("there is no guest {name}")),
        }
    }
}
