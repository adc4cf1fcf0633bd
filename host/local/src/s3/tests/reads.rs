//! Ranges and conditional reads.

use aws_sdk_s3::primitives::{ByteStream, DateTime};

use super::harness::{Harness, as_refusal, noise, refused};

/// Shows `GetObject`, `HeadObject` as on AWS: a range is cut out of the object.
/// Shows `GetObject` as on AWS: a range that begins behind the end is an InvalidRange.
#[tokio::test]
async fn ranges_are_cut_out_of_the_object() {
    let (_harness, client) = Harness::with_bucket(false).await;
    let content = noise(700_000);
    client
        .put_object()
        .bucket("bucket")
        .key("k")
        .body(ByteStream::from(content.clone()))
        .send()
        .await
        .unwrap();
    for (range, expected, header) in [
        ("bytes=0-0", &content[..1], "bytes 0-0/700000"),
        ("bytes=5-9", &content[5..10], "bytes 5-9/700000"),
        (
            "bytes=262143-262145",
            &content[262_143..262_146],
            "bytes 262143-262145/700000",
        ),
        (
            "bytes=699999-",
            &content[699_999..],
            "bytes 699999-699999/700000",
        ),
        (
            "bytes=-3",
            &content[699_997..],
            "bytes 699997-699999/700000",
        ),
        ("bytes=10-9999999", &content[10..], "bytes 10-699999/700000"),
    ] {
        let got = client
            .get_object()
            .bucket("bucket")
            .key("k")
            .range(range)
            .send()
            .await
            .unwrap();
        assert_eq!(got.content_range(), Some(header));
        assert_eq!(got.content_length(), Some(expected.len() as i64));
        assert!(
            got.body.collect().await.unwrap().to_vec() == expected,
            "{range}"
        );
        let head = client
            .head_object()
            .bucket("bucket")
            .key("k")
            .range(range)
            .send()
            .await
            .unwrap();
        assert_eq!(head.content_range(), Some(header));
    }
    let beyond = client
        .get_object()
        .bucket("bucket")
        .key("k")
        .range("bytes=700000-")
        .send()
        .await;
    assert_eq!(refused(beyond), as_refusal("InvalidRange", 416));
}

/// Shows `GetObject` as on AWS: conditions on ETag and date are answered with 304 and 412.
/// Shows `HeadObject` as on AWS: If-None-Match is answered with 304.
#[tokio::test]
async fn conditional_reads_answer_304_and_412() {
    let (_harness, client) = Harness::with_bucket(false).await;
    let put = client
        .put_object()
        .bucket("bucket")
        .key("k")
        .body(ByteStream::from_static(b"x"));
    let tag = put.send().await.unwrap().e_tag.unwrap();
    let get = || client.get_object().bucket("bucket").key("k");
    get().if_match(&tag).send().await.unwrap();
    get().if_none_match("\"other\"").send().await.unwrap();
    assert_eq!(refused(get().if_match("\"other\"").send().await).1, 412);
    assert_eq!(refused(get().if_none_match(&tag).send().await).1, 304);
    let past = DateTime::from_secs(1_000_000_000);
    let future = DateTime::from_secs(4_000_000_000);
    get().if_modified_since(past).send().await.unwrap();
    assert_eq!(refused(get().if_modified_since(future).send().await).1, 304);
    get().if_unmodified_since(future).send().await.unwrap();
    assert_eq!(refused(get().if_unmodified_since(past).send().await).1, 412);
    let head = client
        .head_object()
        .bucket("bucket")
        .key("k")
        .if_none_match(&tag)
        .send()
        .await;
    assert_eq!(refused(head).1, 304);
}

/// Shows `GetObject` as on AWS: a download that began gets the whole object, though it is deleted meanwhile.
#[tokio::test]
async fn a_download_that_began_ends_well_though_the_object_goes() {
    let (harness, client) = Harness::with_bucket(false).await;
    let content = noise(8 * 1024 * 1024);
    client
        .put_object()
        .bucket("bucket")
        .key("k")
        .body(ByteStream::from(content.clone()))
        .send()
        .await
        .unwrap();
    let mut got = client
        .get_object()
        .bucket("bucket")
        .key("k")
        .send()
        .await
        .unwrap();
    let first = got.body.next().await.unwrap().unwrap();
    client
        .delete_object()
        .bucket("bucket")
        .key("k")
        .send()
        .await
        .unwrap();
    assert_eq!(harness.content_files(), 1);
    let mut all = first.to_vec();
    all.extend(got.body.collect().await.unwrap().to_vec());
    assert!(all == content);
}
