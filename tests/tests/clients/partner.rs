//! A partner's worker that nobody here wrote, and what `dev --third-party` refuses.

use pipefitter_tests::{Rig, RigOptions, ServiceOptions, binary, finished};
use tokio::process::Command;

use crate::boto::python;

const FIRST: &str = "11111111-1111-4111-8111-111111111111";
const SECOND: &str = "22222222-2222-4222-8222-222222222222";

fn file() -> String {
    format!(
        r#"job-ids = "free-text"

[[action-type]]
category = "Deploy"
provider = "Partner"
version = "1"
job-timeout = "1h"
inputs = {{ min = 1, max = 1 }}
outputs = {{ max = 1 }}
urls = {{ execution = "https://partner.example/{{Config:project}}/{{ExternalExecutionId}}" }}

[[action-type.property]]
name = "project"
required = true

[[action-type.property]]
name = "key"
secret = true

[[action-type.client]]
id = "{FIRST}"
token = "of the first"
pipelines = ["first"]

[[action-type.client]]
id = "{SECOND}"
token = "of the second"
"#
    )
}

#[tokio::test]
async fn a_partners_worker_made_with_boto3_serves_two_customers() {
    let folder = tempfile::tempdir().unwrap();
    let partners = folder.path().join("partners.toml");
    std::fs::write(&partners, file()).unwrap();
    let service = ServiceOptions {
        third_party: Some(partners),
        ..ServiceOptions::default()
    };
    let rig = Rig::start(RigOptions {
        service,
        ..RigOptions::default()
    })
    .await;
    let mut program = python("partner.py", &rig.service.endpoint);
    program.arg(format!("{FIRST}=of the first"));
    program.arg(format!("{SECOND}=of the second"));
    let (code, said, errors) = finished(program).await;
    assert_eq!(code, 0, "{said}{errors}");
}

#[tokio::test]
async fn a_wrong_file_of_partners_is_refused_with_its_lines_and_without_its_tokens() {
    let folder = tempfile::tempdir().unwrap();
    let partners = folder.path().join("partners.toml");
    let wrong = file()
        .replace("job-timeout = \"1h\"", "job-timeout = \"13h\"")
        .replace(SECOND, FIRST);
    std::fs::write(&partners, wrong).unwrap();
    let mut command = Command::new(binary::pipefitter());
    command
        .args(["dev", "--no-worker", "--port", "0", "--plugins"])
        .arg(folder.path())
        .arg("--third-party")
        .arg(&partners);
    let (code, said, errors) = finished(command).await;
    assert_eq!(code, 78, "{said}{errors}");
    assert!(
        errors.contains("from one minute to twelve hours"),
        "{errors}"
    );
    assert!(errors.contains("two clients have the id"), "{errors}");
    assert!(!errors.contains("of the first"), "{errors}");
}
