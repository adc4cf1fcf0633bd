use super::*;

#[derive(Default)]
struct Sink {
    lines: Lock<Vec<LogLine>>,
    progress: Lock<Vec<(Option<u8>, String)>>,
}

impl JobHost for Sink {
    fn log(&self, line: LogLine) {
        self.lines.lock().unwrap().push(line);
    }

    fn progress(&self, percent: Option<u8>, summary: String) {
        self.progress.lock().unwrap().push((percent, summary));
    }
}

impl Sink {
    fn texts(&self) -> Vec<String> {
        let lines = self.lines.lock().unwrap();
        lines.iter().map(|line| line.text.clone()).collect()
    }
}

fn log(budget: u64) -> (Arc<Sink>, JobLog) {
    let sink = Arc::new(Sink::default());
    let limits = Limits::default().with(Limit::Log, budget);
    let log = JobLog::new(sink.clone(), Level::Debug, &limits);
    (sink, log)
}

#[test]
fn streams_and_messages_keep_their_order_and_levels() {
    let (sink, log) = log(1 << 20);
    log.stdout().take(b"one\ntwo");
    log.stdout().take(b" halves\n");
    log.write(Level::Error, "three\nfour", &[("k".into(), "v".into())]);
    log.stderr().take(b"five\nunfinished");
    log.write(Level::Trace, "below the threshold", &[]);
    log.close();
    log.close();
    let lines = sink.lines.lock().unwrap();
    let said: Vec<_> = lines.iter().map(|l| (l.level, &l.text[..])).collect();
    assert_eq!(
        said,
        [
            (Level::Info, "one"),
            (Level::Info, "two halves"),
            (Level::Error, "three"),
            (Level::Error, "four"),
            (Level::Warn, "five"),
            (Level::Warn, "unfinished"),
        ]
    );
    assert_eq!(lines[2].fields, [("k".to_owned(), "v".to_owned())]);
    assert!(lines[3].fields.is_empty());
}

#[test]
fn invalid_utf8_and_escapes_never_come_through() {
    let (sink, log) = log(1 << 20);
    log.stdout().take(b"\xff\xfe\x1b[31mred\x1b[0m\n");
    log.write(
        Level::Info,
        "x",
        &[("\u{1b}[1mn".into(), "a\nb\u{7}".into())],
    );
    let lines = sink.lines.lock().unwrap();
    assert_eq!(lines[0].text, "\u{fffd}\u{fffd}red");
    assert_eq!(lines[1].fields, [("n".to_owned(), "ab".to_owned())]);
}

#[test]
fn a_long_line_is_cut_at_a_character_and_says_so() {
    let (sink, log) = log(1 << 20);
    // Three bytes each: the cut falls into the middle of one.
    log.stdout().take("€".repeat(4000).as_bytes());
    log.stdout().take(b"\nnext\n");
    log.close();
    let lines = sink.lines.lock().unwrap();
    assert!(lines[0].cut);
    assert!(lines[0].text.ends_with("€ [cut]"), "{:?}", lines[0].text);
    assert!(lines[0].text.len() <= MAX_LINE);
    assert!(!lines[0].text.contains('\u{fffd}'));
    assert_eq!((&lines[1].text[..], lines[1].cut), ("next", false));
    assert_eq!(log.usage().dropped, 12_000 - MAX_LINE as u64);
}

#[test]
fn over_budget_everything_is_dropped_and_one_line_says_how_much() {
    let (sink, log) = log(12);
    log.stdout().take(b"12345\n12345\n");
    assert_eq!(
        log.usage(),
        LogUsage {
            kept: 12,
            dropped: 0
        }
    );
    log.stdout().take(b"more\n");
    log.write(Level::Error, "even errors", &[]);
    log.stderr().take(b"x");
    log.close();
    log.stdout().take(b"after the end\n");
    assert_eq!(
        sink.texts(),
        [
            "12345",
            "12345",
            "the log is full: 18 bytes were dropped, a job of this plugin may write 12 bytes"
        ]
    );
    assert_eq!(log.usage().kept, 12);
}

#[test]
fn fields_are_bounded() {
    let (sink, log) = log(1 << 20);
    let many: Vec<_> = (0..100).map(|n| (n.to_string(), "v".into())).collect();
    log.write(Level::Info, "many", &many);
    log.write(
        Level::Info,
        "large",
        &[("n".into(), "x".repeat(MAX_LINE * 2))],
    );
    let lines = sink.lines.lock().unwrap();
    assert_eq!((lines[0].fields.len(), lines[0].cut), (MAX_FIELDS, true));
    assert_eq!(lines[1].fields[0].1.len(), MAX_LINE - "large".len() - 1);
    assert!(lines[1].cut);
}

#[test]
fn a_name_that_is_cut_says_so_also_without_a_value() {
    let (sink, log) = log(1 << 20);
    log.write(
        Level::Info,
        "long",
        &[("n".repeat(MAX_LINE), String::new())],
    );
    let lines = sink.lines.lock().unwrap();
    let (name, value) = &lines[0].fields[0];
    assert_eq!((name.len(), value.len()), (MAX_LINE - "long".len(), 0));
    assert!(lines[0].cut);
}

#[test]
fn a_progress_summary_is_cleaned_and_cut() {
    let (sink, log) = log(0);
    log.progress(Some(120), &"\u{1b}[1mé".repeat(3000));
    let progress = sink.progress.lock().unwrap();
    assert_eq!(progress[0].0, Some(120));
    assert_eq!(progress[0].1, "é".repeat(2048));
}

#[test]
fn an_empty_message_is_an_empty_line() {
    let (sink, log) = log(100);
    log.write(Level::Info, "", &[]);
    log.write(Level::Info, "a\n", &[]);
    assert_eq!(sink.texts(), ["", "a"]);
}

#[tokio::test(start_paused = true)]
async fn a_second_has_so_many_lines_and_the_place_of_the_others_is_marked() {
    let sink = Arc::new(Sink::default());
    let limits = Limits::default().with(Limit::LogRate, 3);
    let log = JobLog::new(sink.clone(), Level::Debug, &limits);
    log.stdout().take(b"1\n2\n3\n4\n5\n");
    tokio::time::advance(Duration::from_millis(1000)).await;
    log.stdout().take(b"6\n7\n8\n9\n");
    log.close();
    let marked = |lines| {
        format!("{lines} lines were dropped here: a job of this plugin may write 3 in a second")
    };
    assert_eq!(
        sink.texts(),
        ["1", "2", "3", &marked(2), "6", "7", "8", &marked(1)]
    );
    assert_eq!(
        log.usage(),
        LogUsage {
            kept: 12,
            dropped: 6
        }
    );
}

#[test]
fn the_length_of_a_line_is_a_setting() {
    let sink = Arc::new(Sink::default());
    let limits = Limits::default().with(Limit::LogLine, 64);
    let log = JobLog::new(sink.clone(), Level::Debug, &limits);
    log.stdout().take(&[b'x'; 100]);
    log.close();
    assert_eq!(sink.texts(), [format!("{} [cut]", "x".repeat(58))]);
}
