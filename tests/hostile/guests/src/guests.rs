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
    ask_for_random_bytes,
    burn_processor_time,
    churn_files,
    dig_deep,
    echo_its_secret,
    exit_with_failure,
    exit_with_success,
    fill_the_disk,
    flood_progress,
    flood_the_log,
    forge_a_host_token,
    grow_memory,
    hoard_handles,
    hoard_pollables,
    ignore_stop_requests,
    link_hard,
    link_in_circles,
    link_out,
    list_many_folders,
    log_a_bomb_of_fields,
    log_a_giant_message,
    log_a_line_without_end,
    log_too_fast,
    log_what_is_no_text,
    make_many_files,
    open_many_files,
    open_sockets,
    panic_with_a_message,
    poll_everything_at_once,
    read_its_surroundings,
    read_outside,
    recurse_without_end,
    return_a_giant_message,
    return_a_long_message,
    return_a_long_token,
    return_a_name_twice,
    return_an_empty_message,
    return_an_empty_token,
    return_bad_names,
    return_large_variables,
    return_too_much,
    sleep_past_the_end,
    spin_past_the_end,
    steer_the_terminal,
    vary_its_secret,
    write_a_sparse_file,
    write_one_large_file,
    write_to_inputs,
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
