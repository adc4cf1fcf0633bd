//! The operations of S3's model, and what in a request tells them apart.
//!
//! The model gives each operation a method, a path, and the parameters and headers that it cannot be without.
//! The deprecated ones are left out: a newer operation has each one's requests.

use std::fmt::Write as _;

use anyhow::{Result, bail};
use serde::Deserialize;

use super::read;
use super::write::{WARNING, formatted};

const PROGRAM: &str = r#"
import gzip, json, os, botocore
path = "data/s3/2006-03-01/service-2.json.gz"
with gzip.open(os.path.join(os.path.dirname(botocore.__file__), path)) as file:
    model = json.load(file)
def required(operation, location):
    if "input" not in operation:
        return []
    shape = model["shapes"][operation["input"]["shape"]]
    members = [(shape["members"][name]) for name in shape.get("required", [])]
    return [member["locationName"] for member in members if member.get("location") == location]
print(json.dumps([
    {
        "name": name,
        "method": operation["http"]["method"],
        "uri": operation["http"]["requestUri"],
        "parameters": required(operation, "querystring"),
        "headers": required(operation, "header"),
    }
    for name, operation in sorted(model["operations"].items())
    if not operation.get("deprecated")
]))
"#;

#[derive(Deserialize)]
struct Operation {
    name: String,
    method: String,
    uri: String,
    parameters: Vec<String>,
    headers: Vec<String>,
}

#[derive(PartialEq)]
struct Request {
    method: String,
    target: &'static str,
    query: Vec<String>,
    header: Option<String>,
}

/// The table, laid out by rustfmt.
pub(super) fn file() -> Result<String> {
    let operations: Vec<Operation> = read::from_botocore(PROGRAM)?;
    let mut seen: Vec<Request> = Vec::new();
    let mut rows = String::new();
    for operation in operations {
        let name = operation.name.clone();
        let mut request = request(operation)?;
        if seen.contains(&request) {
            // On AWS these go to endpoints of their own. SDKs name the operation in `x-id`.
            request.query.push(format!("x-id={name}"));
        }
        let header = request.header.as_ref();
        let header = header.map_or(String::new(), |header| format!(".with({header:?})"));
        writeln!(
            rows,
            "Operation::new({name:?}, {:?}, {}, &{:?}){header},",
            request.method, request.target, request.query
        )?;
        seen.push(request);
    }
    formatted(&format!(
        "//! Every operation of S3's model, and what tells its requests from others.\n{WARNING}\n\
         use super::operation::Operation;\nuse super::operation::Target::{{Bucket, Object, Service}};\n\n\
         pub(super) static OPERATIONS: &[Operation] = &[{rows}];\n"
    ))
}

fn request(operation: Operation) -> Result<Request> {
    let (path, query) = operation
        .uri
        .split_once('?')
        .unwrap_or((&operation.uri, ""));
    let target = match path {
        "/" => "Service",
        "/{Bucket}" => "Bucket",
        "/{Bucket}/{Key+}" => "Object",
        // A word in the place of a bucket.
        "/WriteGetObjectResponse" => "Bucket",
        other => bail!("{} has a path of another form: {other}", operation.name),
    };
    let named = query.split('&').filter(|parameter| !parameter.is_empty());
    let query: Vec<String> = named
        .clone()
        .map(str::to_owned)
        .chain(operation.parameters)
        .collect();
    // With a parameter of its own, an operation is told by that.
    let header = match named.count() {
        0 => operation.headers.into_iter().next(),
        _ => None,
    };
    Ok(Request {
        method: operation.method,
        target,
        query,
        header,
    })
}
