//! How long a value is kept, and who asks for it, in paused time.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use futures::future::join_all;
use pipefitter_secrets::{SecretError, SecretErrorKind, SecretSource, Secrets, SecretsSettings};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::watch;
use tokio::time::{advance, sleep};

const MINUTE: Duration = Duration::from_secs(60);

#[derive(Clone)]
enum Says {
    Value(&'static str),
    /// After so long.
    Slowly(Duration, &'static str),
    OutOfReach,
    Denied,
}

struct Store {
    says: watch::Sender<Says>,
    fetches: AtomicUsize,
}

impl Store {
    fn new() -> Arc<Store> {
        Arc::new(Store {
            says: watch::Sender::new(Says::Value("first-value")),
            fetches: AtomicUsize::new(0),
        })
    }

    fn fetches(&self) -> usize {
        self.fetches.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl SecretSource for Store {
    async fn fetch(&self) -> Result<SecretString, SecretError> {
        self.fetches.fetch_add(1, Ordering::SeqCst);
        let says = self.says.borrow().clone();
        let (secret, place, said) = ("npm".to_owned(), "the store".to_owned(), "no".to_owned());
        match says {
            Says::Value(value) => Ok(value.into()),
            Says::Slowly(time, value) => {
                sleep(time).await;
                Ok(value.into())
            }
            Says::OutOfReach => {
                sleep(Duration::from_secs(1)).await;
                Err(SecretError::Unavailable {
                    secret,
                    place,
                    said,
                })
            }
            Says::Denied => Err(SecretError::Denied {
                secret,
                place,
                permission: "store:Read".to_owned(),
                said,
            }),
        }
    }
}

fn secrets(store: &Arc<Store>) -> Secrets {
    let source: Arc<dyn SecretSource> = Arc::clone(store) as _;
    Secrets::of_sources([("npm".to_owned(), source)], SecretsSettings::default())
}

/// How long a store that gave no value is left alone.
const MOMENT: Duration = Duration::from_secs(1);

async fn value(secrets: &Secrets) -> String {
    secrets.get("npm").await.unwrap().expose_secret().to_owned()
}

async fn kind(secrets: &Secrets) -> SecretErrorKind {
    secrets.get("npm").await.unwrap_err().kind()
}

#[tokio::test(start_paused = true)]
async fn a_rotated_secret_is_seen_after_five_minutes() {
    let store = Store::new();
    let secrets = secrets(&store);
    assert_eq!(value(&secrets).await, "first-value");
    store.says.send_replace(Says::Value("second-value"));
    advance(5 * MINUTE - Duration::from_millis(1)).await;
    assert_eq!(value(&secrets).await, "first-value");
    assert_eq!(store.fetches(), 1);
    advance(Duration::from_millis(1)).await;
    assert_eq!(value(&secrets).await, "second-value");
    assert_eq!(store.fetches(), 2);
}

#[tokio::test(start_paused = true)]
async fn who_comes_during_a_fetch_shares_it() {
    let store = Store::new();
    let secrets = secrets(&store);
    store
        .says
        .send_replace(Says::Slowly(Duration::from_secs(2), "first-value"));
    let values = join_all((0..50).map(|_| value(&secrets))).await;
    assert!(values.iter().all(|value| value == "first-value"));
    assert_eq!(store.fetches(), 1);
}

#[tokio::test(start_paused = true)]
async fn its_failure_is_shared_too_and_kept_for_a_moment() {
    let store = Store::new();
    let secrets = secrets(&store);
    store.says.send_replace(Says::OutOfReach);
    let kinds = join_all((0..50).map(|_| kind(&secrets))).await;
    assert_eq!(kinds, [SecretErrorKind::Unavailable; 50]);
    assert_eq!(store.fetches(), 1);
    // A guest that asks and asks does not make the worker do so.
    for _ in 0..50 {
        assert_eq!(kind(&secrets).await, SecretErrorKind::Unavailable);
    }
    assert_eq!(store.fetches(), 1);
    advance(MOMENT).await;
    store.says.send_replace(Says::Value("first-value"));
    assert_eq!(value(&secrets).await, "first-value");
    assert_eq!(store.fetches(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_hangs_is_given_up() {
    let store = Store::new();
    let secrets = secrets(&store);
    store
        .says
        .send_replace(Says::Slowly(60 * MINUTE, "late-value"));
    let error = secrets.get("npm").await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "secret `npm`: no answer within 20s: try again, and check the network if it stays so"
    );
}

#[tokio::test(start_paused = true)]
async fn a_fetch_that_its_first_waiter_gives_up_goes_on_with_the_next() {
    let store = Store::new();
    let secrets = secrets(&store);
    store
        .says
        .send_replace(Says::Slowly(Duration::from_secs(2), "first-value"));
    let given_up = tokio::time::timeout(Duration::from_secs(1), secrets.get("npm"));
    let (given_up, waited) = tokio::join!(given_up, value(&secrets));
    assert!(given_up.is_err());
    assert_eq!(waited, "first-value");
    assert_eq!(store.fetches(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_value_outlives_an_outage_of_its_store_for_a_while() {
    let store = Store::new();
    let secrets = secrets(&store);
    assert_eq!(value(&secrets).await, "first-value");
    store.says.send_replace(Says::OutOfReach);
    advance(6 * MINUTE).await;
    assert_eq!(value(&secrets).await, "first-value");
    // Not asked again at once.
    assert_eq!(value(&secrets).await, "first-value");
    assert_eq!(store.fetches(), 2);
    advance(MINUTE).await;
    assert_eq!(value(&secrets).await, "first-value");
    assert_eq!(store.fetches(), 3);
    advance(9 * MINUTE).await;
    assert_eq!(kind(&secrets).await, SecretErrorKind::Unavailable);
    store.says.send_replace(Says::Value("second-value"));
    advance(MOMENT).await;
    assert_eq!(value(&secrets).await, "second-value");
}

#[tokio::test(start_paused = true)]
async fn a_store_that_says_no_is_believed_at_once() {
    let store = Store::new();
    let secrets = secrets(&store);
    assert_eq!(value(&secrets).await, "first-value");
    store.says.send_replace(Says::Denied);
    advance(6 * MINUTE).await;
    assert_eq!(kind(&secrets).await, SecretErrorKind::Misconfigured);
    // The value is gone: an outage after it does not bring it back.
    store.says.send_replace(Says::OutOfReach);
    advance(MOMENT).await;
    assert_eq!(kind(&secrets).await, SecretErrorKind::Unavailable);
}
