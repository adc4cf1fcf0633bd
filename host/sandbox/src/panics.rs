//! What is told of a panic of the host's while it serves a guest.
//!
//! The text of a panic may be the guest's: slicing quotes what it could not slice. It goes into the job's failure, where
//! the job's secrets are known and hidden. The program's own output gets the place alone.

use std::panic::PanicHookInfo;
use std::thread;

/// What threads that run guests are called.
pub(crate) const GUEST_THREAD: &str = "guest";

/// From now on, panics on threads of guests are told by their place. Others are told as before. For a program's main.
pub fn hide_texts_of_guests_panics() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(hook(usual, |place| {
        tracing::error!(
            place,
            "a panic while a plugin ran: its job fails and tells of it"
        );
    })));
}

fn hook(
    usual: impl Fn(&PanicHookInfo<'_>) + Send + Sync + 'static,
    tell: impl Fn(&str) + Send + Sync + 'static,
) -> impl Fn(&PanicHookInfo<'_>) + Send + Sync + 'static {
    move |panic| match (thread::current().name(), panic.location()) {
        (Some(GUEST_THREAD), Some(place)) => tell(&place.to_string()),
        (Some(GUEST_THREAD), None) => tell("unknown"),
        _ => usual(panic),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn a_panic_on_a_guests_thread_is_told_by_its_place_alone() {
        let (tell, told) = mpsc::channel();
        let tell_usual = tell.clone();
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(hook(
            move |panic| {
                let _ = tell_usual.send(format!("usual: {panic}"));
            },
            move |place| {
                let _ = tell.send(format!("place: {place}"));
            },
        )));
        for name in [GUEST_THREAD, "control-of-this-test"] {
            let thread = thread::Builder::new().name(name.to_owned());
            let panics = thread.spawn(|| panic!("hunter22")).unwrap();
            panics.join().unwrap_err();
        }
        std::panic::set_hook(before);
        // Tests beside this one may have panicked meanwhile.
        let told: Vec<String> = told.try_iter().collect();
        let places: Vec<_> = told.iter().filter(|t| t.starts_with("place: ")).collect();
        assert!(places[0].contains("panics.rs:"), "{told:?}");
        assert!(places.iter().all(|place| !place.contains("hunter22")));
        let usual = told.iter().filter(|t| t.contains("hunter22"));
        assert_eq!(usual.count(), 1, "{told:?}");
    }
}
