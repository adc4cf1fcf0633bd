//! Which guest it is.

use std::io;

use crate::line::Lines;

macro_rules! guests {
    ($($name:ident,)*) => {
        $(mod $name;)*

        pub(crate) fn run(name: &str, lines: &Lines) -> io::Result<()> {
            match name {
                $(stringify!($name) => $name::run(lines),)*
                _ => Err(io::Error::other(format!("there is no guest {name}"))),
            }
        }
    };
}

guests! {
    ask_and_never_read,
    begin_a_line_without_end,
    flood_lines_of_the_protocol,
    print_a_giant_outcome,
    print_in_another_jobs_name,
    print_spaces_without_end,
    print_two_outcomes,
}
