//! Writes the corpora's first inputs: `cargo run -p pipefitter-fuzz-targets --example seeds`. What fuzzers found
//! since lies beside them and stays; names tell the two apart.

#![expect(clippy::unwrap_used, reason = "a tool of the workshop")]
#![allow(
    dead_code,
    reason = "the makers of archives are those of host/artifacts' tests"
)]

use std::path::Path;

#[path = "../../../host/artifacts/tests/staging/support/tarball.rs"]
mod tarball;
#[path = "../../../host/artifacts/tests/staging/support/zipfile.rs"]
mod zipfile;

use tarball::{entry, file, gz, link as tar_link, pax, special, tar};
use zipfile::{body, deflated, end64, extra, extra64, link, stored, zip};

fn main() {
    for (target, seeds) in [
        ("unpack", archives()),
        ("untar", tars()),
        ("pack", scripts()),
        ("masker", texts()),
        ("job", answers()),
        ("journal", records()),
        ("manifest", manifests()),
        ("component", components()),
        ("config", configurations()),
        ("event", events()),
        ("protocol", outputs()),
    ] {
        let folder = root().join("fuzz/corpus").join(target);
        std::fs::create_dir_all(&folder).unwrap();
        for (name, seed) in seeds {
            std::fs::write(folder.join(format!("seed-{name}")), seed).unwrap();
        }
    }
}

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

type Seeds = Vec<(String, Vec<u8>)>;

fn named(seeds: Vec<(&str, Vec<u8>)>) -> Seeds {
    seeds
        .into_iter()
        .map(|(name, seed)| (name.to_owned(), seed))
        .collect()
}

fn events() -> Seeds {
    let event = |state: &str, version: &str, id: &str| {
        format!(
            r#"{{"detail-type":"CodePipeline Action Execution State Change","source":"aws.codepipeline","time":"2026-11-20T03:31:47Z","region":"eu-central-1","detail":{{"pipeline":"docs","execution-id":"e",{id}"stage":"Build","action":"Site","state":"{state}","type":{{"owner":"Custom","category":"Build","provider":"Site","version":{version}}}}}}}"#
        )
        .into_bytes()
    };
    let id = r#""action-execution-id":"a","#;
    let queue = b"https://sqs.eu-central-1.amazonaws.com/111122223333/pipefitter";
    named(vec![
        ("started", event("STARTED", "\"1\"", id)),
        ("abandoned", event("ABANDONED", "1.0", "")),
        ("queue", queue.to_vec()),
        (
            "fifo",
            b"http://127.0.0.1:5000/000000000000/q.fifo".to_vec(),
        ),
    ])
}

fn archives() -> Seeds {
    let text = [b'x'; 3000];
    let tree = [
        stored("a/", b""),
        deflated("a/b.txt", &text),
        stored("c", b"plain"),
        link("l", "a/b.txt"),
    ];
    let body64 = body(&[stored("a", b"1")]);
    let at = body64.bytes.len() as u64;
    let large = end64(
        at,
        1,
        body64.directory_bytes.into(),
        body64.directory_start.into(),
    );
    let mut sized = stored("sized", b"12345");
    sized.size = u32::MAX;
    sized.extra = extra64(&[5]);
    let mut noted = stored("noted", b"1");
    noted.extra = extra(0x5455, &[1, 0, 0, 0, 0]);
    noted.comment = b"a comment".to_vec();
    let mut sealed = deflated("sealed", &text);
    sealed.flags |= 1;
    let tarball = tar(&[file("a/b", b"text"), tar_link("l", b'2', "a/b")]);
    named(vec![
        ("zip-tree", zip(&tree)),
        ("zip-empty", zip(&[])),
        ("zip-64", [body64.bytes, large].concat()),
        ("zip-64-sizes", zip(&[sized])),
        ("zip-notes", zip(&[noted])),
        ("zip-encrypted", zip(&[sealed])),
        ("zip-climbs", zip(&[stored("../outside", b"x")])),
        ("zip-link-out", zip(&[link("l", "../../x")])),
        ("zip-through", zip(&[link("l", "a"), stored("l/x", b"x")])),
        ("tar", tarball.clone()),
        ("tar-gz", gz(&tarball)),
        (
            "tar-gz-members",
            [gz(&tarball[..600]), gz(&tarball[600..])].concat(),
        ),
        ("text", b"no archive at all".to_vec()),
    ])
}

fn tars() -> Seeds {
    named(vec![
        ("files", tar(&[file("a/b", b"text"), special("d/", b'5')])),
        (
            "links",
            tar(&[
                file("f", b"1"),
                tar_link("s", b'2', "f"),
                tar_link("h", b'1', "f"),
            ]),
        ),
        (
            "pax",
            tar(&[
                pax(&[("path", "long/name"), ("size", "2")]),
                file("x", b"12"),
            ]),
        ),
        (
            "gnu",
            tar(&[
                entry(b"././@LongLink", b'L', b"", "644", b"a/long/name\0"),
                entry(b"././@LongLink", b'K', b"", "644", b"a/long/target\0"),
                tar_link("x", b'2', "y"),
            ]),
        ),
        (
            "global",
            tar(&[
                entry(b"g", b'g', b"", "644", b"12 comment=x\n"),
                file("x", b""),
            ]),
        ),
        ("prefix", tar(&[tarball::prefixed("folder", "name", b"x")])),
        ("kinds", tar(&[special("p", b'6'), special("S", b'S')])),
    ])
}

fn scripts() -> Seeds {
    named(vec![
        ("file", b"\x00\x01a\x05hello".to_vec()),
        ("program", b"\x01\x03run\x02#!".to_vec()),
        (
            "folders",
            b"\x02\x01a\x02\x01b\x00\x01f\x01x\x05\x01a\x03\x01e".to_vec(),
        ),
        (
            "links",
            b"\x00\x01f\x01x\x04\x01l\x01f\x04\x01m\x02..\x06\x01h\x01f".to_vec(),
        ),
        ("out", b"\x04\x01l\x0b/etc/passwd".to_vec()),
        ("pipe", b"\x07\x01p".to_vec()),
        (
            "names",
            b"\x00\x03a\\b\x00\x00\x02C:\x00\x00\x01\xff\x00".to_vec(),
        ),
        ("blocks", b"\x80\x01z\xff\x81\x01y\x20".to_vec()),
    ])
}

fn texts() -> Seeds {
    named(vec![
        (
            "plain",
            b"hunter2-hunter2\xffthe password is hunter2-hunter2.".to_vec(),
        ),
        (
            "base64",
            b"hunter2-hunter2\xffaHVudGVyMi1odW50ZXIy eHVudGVyMi1odW50ZXIy".to_vec(),
        ),
        (
            "percent",
            b"a b&c=d/e\xffq=a%20b%26c%3Dd%2Fe and a+b%26c%3dd%2fe".to_vec(),
        ),
        (
            "json",
            b"quo\"te\\line\xff{\"x\":\"quo\\\"te\\\\line\"}".to_vec(),
        ),
        (
            "lines",
            b"-----BEGIN-----\nMIIEabc\n-----END-----\xffkey MIIEabc".to_vec(),
        ),
        (
            "two",
            b"abcdef\xffdefghi\xff<abcdefghi> abcde [cut]".to_vec(),
        ),
    ])
}

fn answers() -> Seeds {
    let job = r#"{"id":"11111111-abcd-1111-abcd-111111abcdef","nonce":"3","accountId":"111122223333","data":{
"actionTypeId":{"category":"Build","owner":"Custom","provider":"Site","version":"1"},
"actionConfiguration":{"configuration":{"Target":"www","Token":"secret-value"}},
"pipelineContext":{"pipelineName":"Shop","pipelineArn":"arn:aws:codepipeline:eu-central-1:111122223333:Shop",
"pipelineExecutionId":"e","stage":{"name":"Build"},"action":{"name":"Site","actionExecutionId":"a"}},
"inputArtifacts":[{"name":"Source","revision":"r","location":{"type":"S3","s3Location":{"bucketName":"b","objectKey":"k"}}}],
"outputArtifacts":[{"name":"Out","location":{"type":"S3","s3Location":{"bucketName":"b","objectKey":"o"}}}],
"artifactCredentials":{"accessKeyId":"ASIA","secretAccessKey":"s","sessionToken":"t"},
"continuationToken":"token","encryptionKey":{"id":"key","type":"KMS"}}}"#;
    let texts = [
        ("jobs", format!("{{\"jobs\":[{job}]}}")),
        ("details", format!("{{\"jobDetails\":{job}}}")),
        (
            "both",
            format!("{{\"jobs\":[{job},{job}],\"jobDetails\":{job}}}"),
        ),
        ("none", "{\"jobs\":[]}".to_owned()),
        (
            "nulls",
            "{\"jobs\":[{\"id\":null,\"nonce\":\"\",\"data\":null},null]}".to_owned(),
        ),
        ("empty", "{}".to_owned()),
        ("nothing", String::new()),
        (
            "types",
            "{\"jobs\":{\"id\":7},\"jobDetails\":[1e999]}".to_owned(),
        ),
    ];
    texts
        .into_iter()
        .map(|(name, text)| (name.to_owned(), text.into_bytes()))
        .collect()
}

/// Those that the journal's own tests hold on to, under the key that the target asks for.
fn records() -> Seeds {
    let golden = root().join("host/journal/tests/golden/records-v1.jsonl");
    let text = std::fs::read_to_string(golden).unwrap();
    text.lines()
        .enumerate()
        .map(|(number, line)| {
            let mut value: serde_json::Value = serde_json::from_str(line).unwrap();
            value["record"]["key"]["job"] = "job-1".into();
            (format!("v1-{number}"), value.to_string().into_bytes())
        })
        .collect()
}

fn manifests() -> Seeds {
    let mut seeds: Seeds = ["linkcheck", "publish", "site"]
        .into_iter()
        .map(|plugin| {
            let path = root().join("plugins").join(plugin).join("action.toml");
            (plugin.to_owned(), std::fs::read(path).unwrap())
        })
        .collect();
    seeds.extend(named(vec![
        ("least", b"[action]\ncategory = \"Build\"\nprovider = \"P\"\nversion = \"1\"\n".to_vec()),
        (
            "all",
            b"[action]\ncategory = \"Deploy\"\nprovider = \"P\"\nversion = \"1\"\nretry-safe = true\n\
              [action.urls]\nentity = \"https://x/{Config:A}\"\n[[property]]\nname = \"A\"\ntype = \"number\"\n\
              required = true\nkey = true\nsecret = false\nqueryable = true\n[inputs]\nmin = 0\nmax = 2\n\
              unpack = [\"auto\", \"never\"]\n[outputs]\nmin = 1\nmax = 1\nallow-empty = true\n[limits]\n\
              wall = \"5m\"\ncpu = \"1m 30s\"\nmemory = \"64 MiB\"\nlog = \"1MB\"\n[capabilities]\nscratch = true\n\
              [[capabilities.directories]]\nguest = \"/srv\"\nwrite = true\nreason = \"why\"\n"
                .to_vec(),
        ),
        ("wrong", b"[action]\ncategory = 7\nprovider = \"\"\n[unknown]\n[[property]]\n".to_vec()),
    ]));
    seeds
}

fn configurations() -> Seeds {
    let all = r#"state-dir = "state"
plugins-dir = "plugins"
[worker]
slots = 4
memory-budget = "2GiB"
poll-interval-min = "1s"
exclusive = true
[worker.slots-per-action-type]
"Build/Site/1" = 2
[worker.query-values]
"Build/Site/1" = ["a", "b"]
[limits.default]
wall = "5m"
memory = "64MiB"
[limits.max]
cpu = "1h"
[unpack]
entries = 1000
ratio = 50
[log]
format = "json"
[[source]]
id = "main"
region = "eu-central-1"
role-arn = "arn:aws:iam::111122223333:role/x"
external-id = "e"
[plugins.site.grant]
scratch = true
[[plugins.site.grant.directories]]
host = "/"
guest = "/srv"
[plugins.site.limits]
log = "1MB"
"#;
    named(vec![
        ("all", all.as_bytes().to_vec()),
        (
            "wrong",
            b"unknown = 1\n[worker]\nslots = 0\nexclusive = 7\n[[source]]\nid = \"a b\"\n".to_vec(),
        ),
        ("empty", Vec::new()),
        ("not-toml", b"[a\nb = = \xff".to_vec()),
    ])
}

fn components() -> Seeds {
    let component = b"\0asm\x0d\0\x01\0".to_vec();
    let module = b"\0asm\x01\0\0\0".to_vec();
    let section = |name: &[u8], data: &[u8]| {
        let body = [&[u8::try_from(name.len()).unwrap()], name, data].concat();
        [&[0, u8::try_from(body.len()).unwrap()], &body[..]].concat()
    };
    let embedded = section(
        pipefitter_plugins::MANIFEST_SECTION.as_bytes(),
        b"[action]\ncategory = \"Build\"\n",
    );
    named(vec![
        ("component", component.clone()),
        ("module", module.clone()),
        ("embedded", [component.clone(), embedded.clone()].concat()),
        (
            "twice",
            [
                component.clone(),
                embedded.clone(),
                section(b"x", b"y"),
                embedded,
            ]
            .concat(),
        ),
        ("nested", [component, vec![1, 8], module].concat()),
    ])
}

/// What commands write; the target's job is `job-1`, and its longest line has 1000 bytes.
fn outputs() -> Seeds {
    let said = |rest: &str| format!("{{\"pipefitter\":1,\"job_id\":\"job-1\",{rest}}}\n");
    let question = said("\"threshold\":{}");
    let revision = r#"{"revision":"r","change_identifier":"c","created":1.5,"summary":null}"#;
    let details = r#"{"summary":"s","external_execution_id":"e","percent_complete":100}"#;
    let succeeded = said(&format!(
        r#""outcome":{{"succeeded":{{"variables":{{"a":"1"}},"details":{details},"current_revision":{revision}}}}}"#
    ));
    let versions = [
        "2",
        "0",
        "-1",
        "1.0",
        "\"1\"",
        "null",
        "[1]",
        "18446744073709551616",
    ];
    let mut seeds: Seeds = versions
        .iter()
        .enumerate()
        .map(|(number, version)| {
            let line = question.replacen("\":1,", &format!("\":{version},"), 1);
            (format!("version-{number}"), line.into_bytes())
        })
        .collect();
    let texts = [
        (
            "log",
            said(r#""log":{"level":"warn","message":"odd\n\u001b[2J","fields":{"file":"a.txt"}}"#),
        ),
        (
            "progress",
            said(r#""progress":{"percent":50,"summary":"half"}"#),
        ),
        ("outcome-succeeded", succeeded.clone()),
        (
            "outcome-in-progress",
            said(&format!(
                r#""outcome":{{"in_progress":{{"token":"step-2","details":{details}}}}}"#
            )),
        ),
        (
            "failure",
            said(
                r#""failure":{"kind":"configuration_error","message":"m","external_execution_id":null}"#,
            ),
        ),
        ("stop-requested", said(r#""stop_requested":{}"#)),
        ("time-remaining", said(r#""time_remaining":{}"#)),
        ("threshold", question.clone()),
        (
            "secret",
            ["api-token", "gone", "another"]
                .map(|name| said(&format!(r#""secret":{{"name":"{name}"}}"#)))
                .concat(),
        ),
        (
            "all",
            format!(
                "reading\n{}50%\r{}\r\n{question}{succeeded}bye",
                said(r#""log":{"level":"info","message":""}"#),
                said(r#""progress":{"percent":null,"summary":""}"#).trim_end(),
            ),
        ),
        (
            "spaces",
            question.replace(':', " :\t").replacen('{', " \t{ ", 1),
        ),
        ("two-outcomes", format!("{succeeded}{succeeded}")),
        ("no-kind", said(r#""log":null"#)),
        ("two-kinds", said(r#""threshold":{},"time_remaining":{}"#)),
        ("unknown-kind", said(r#""shout":{"message":"m"}"#)),
        ("unknown-name", said(r#""threshold":{"of":"pain"}"#)),
        (
            "name-twice",
            said(r#""outcome":{"succeeded":{"variables":{"a":"1","a":"2"}}}"#),
        ),
        ("kind-twice", said(r#""threshold":{},"threshold":{}"#)),
        ("types", said(r#""progress":{"percent":256,"summary":[]}"#)),
        ("nested", said(&format!("\"log\":{}", "[".repeat(200)))),
        ("escaped", question.replace("job-1", "\\u006aob-1")),
        ("other-job", question.replace("job-1", "job-2")),
        ("no-job", "{\"pipefitter\":1,\"threshold\":{}}\n".to_owned()),
        ("broken", question.replace('}', "")),
        (
            "broken-mark",
            "{\"pipefitter\n{\"pipefitter\"\n{\"pipe".to_owned(),
        ),
        ("no-end", question.trim_end().to_owned()),
        (
            "longest",
            said(&format!("\"secret\":{{\"name\":\"{}\"}}", "x".repeat(940))),
        ),
        (
            "too-long",
            said(&format!("\"secret\":{{\"name\":\"{}\"}}", "x".repeat(1000))),
        ),
        ("unread", question.repeat(64)),
        ("too-many-unread", question.repeat(65)),
        (
            "text",
            format!("{}\n\u{1b}[31mred\rgreen\n", " ".repeat(1001)),
        ),
        ("empty", String::new()),
    ];
    seeds.extend(texts.map(|(name, text)| (name.to_owned(), text.into_bytes())));
    let mut bytes = question.into_bytes();
    bytes.insert(2, 0xff);
    let at = bytes.len() - 4;
    bytes.splice(at..at, *b"\xc3\x28");
    let late = said(r#""secret":{"name":"?"}"#).into_bytes();
    let late = late
        .into_iter()
        .map(|byte| if byte == b'?' { 0xff } else { byte });
    seeds.extend(named(vec![
        ("not-utf8", bytes),
        ("not-utf8-value", late.collect()),
        (
            "nul",
            b"{\"pipefitter\":1,\0\"job_id\":\"job-1\"}\n\0\n".to_vec(),
        ),
    ]));
    seeds
}
