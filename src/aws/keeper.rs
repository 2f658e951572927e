//! Credentials kept for all calls: fetched once for everybody who waits, however long that takes, and again when they
//! end or AWS takes them for ended. The SDK would give up after a few seconds, and would read changed files never.

use std::{
    error::Error,
    fmt,
    sync::Arc,
    time::{Duration, SystemTime},
};

use aws_credential_types::{
    Credentials,
    provider::{ProvideCredentials, Result as Loaded, error::CredentialsError, future},
};
use futures::{FutureExt as _, future::BoxFuture};
use tokio::{
    sync::{mpsc, oneshot, watch},
    time::Instant,
};

/// How long before their end credentials are fetched anew, as the SDK does.
const EARLY: Duration = Duration::from_secs(10);
/// For how long credentials are kept that name no end, as the SDK does.
const KEPT: Duration = Duration::from_mins(15);
/// For how long an answer is kept in any case, so that many calls at once make it be asked for once.
const LEAST: Duration = Duration::from_secs(1);
/// Credentials as young as this are not fetched anew, though AWS refuses them: those would be no others.
const YOUNG: Duration = Duration::from_secs(5);

/// Fetches credentials anew, from the files and the environment as they are then.
pub(super) type Fetch = Box<dyn Fn() -> BoxFuture<'static, Loaded> + Send + Sync>;

enum Ask {
    Load(oneshot::Sender<Result<Credentials, Problem>>),
    Forget,
}

/// Credentials for all calls of a set of clients; cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Keeper {
    asks: mpsc::UnboundedSender<Ask>,
    waits: watch::Receiver<bool>,
}

impl fmt::Debug for Ask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Load(_) => "Load",
            Self::Forget => "Forget",
        })
    }
}

impl Keeper {
    /// A keeper that has fetched nothing yet. Must be called within a tokio runtime.
    pub(super) fn start(fetch: Fetch) -> Self {
        let (asks, inbox) = mpsc::unbounded_channel();
        let (tell, waits) = watch::channel(false);
        tokio::spawn(keep(fetch, inbox, tell));
        Self { asks, waits }
    }

    /// Waits until there are credentials or it is known that there are none, outside of the time limits of calls.
    pub(super) async fn wait(&self) {
        // What came of it is told by the call that follows.
        let _ = self.load().await;
    }

    /// Has them fetched anew for the next call: AWS takes them for ended.
    pub(super) fn forget(&self) {
        let _ = self.asks.send(Ask::Forget);
    }

    /// Whether they are being fetched at the moment.
    pub(super) fn waits(&self) -> watch::Receiver<bool> {
        self.waits.clone()
    }

    async fn load(&self) -> Loaded {
        let (answer, answered) = oneshot::channel();
        let _ = self.asks.send(Ask::Load(answer));
        match answered.await {
            Ok(loaded) => loaded.map_err(CredentialsError::from),
            Err(_) => Err(CredentialsError::unhandled("nobody fetches credentials")),
        }
    }
}

impl ProvideCredentials for Keeper {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.load())
    }
}

/// What came of fetching, for as long as it holds.
struct Known {
    loaded: Result<Credentials, Problem>,
    at: Instant,
    until: Instant,
}

impl Known {
    fn of(loaded: Loaded) -> Self {
        let at = Instant::now();
        let stays = match &loaded {
            Ok(credentials) => credentials.expiry().map_or(KEPT, |end| {
                let left = end.duration_since(SystemTime::now()).unwrap_or_default();
                left.saturating_sub(EARLY)
            }),
            Err(_) => Duration::ZERO,
        };
        Self {
            loaded: loaded.map_err(Problem::of),
            at,
            // An end so far away that it cannot be told is none.
            until: at.checked_add(stays.max(LEAST)).unwrap_or(at + KEPT),
        }
    }
}

async fn keep(fetch: Fetch, mut inbox: mpsc::UnboundedReceiver<Ask>, tell: watch::Sender<bool>) {
    let mut known: Option<Known> = None;
    let mut waiting: Vec<oneshot::Sender<Result<Credentials, Problem>>> = Vec::new();
    let mut fetching: Option<BoxFuture<'static, Loaded>> = None;
    loop {
        let loaded = async {
            match &mut fetching {
                Some(fetching) => fetching.await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            ask = inbox.recv() => match ask {
                // No client is left.
                None => return,
                Some(Ask::Forget) => {
                    known.take_if(|known| known.at.elapsed() >= YOUNG);
                }
                Some(Ask::Load(answer)) => match &known {
                    Some(known) if fetching.is_none() && known.until > Instant::now() => {
                        let _ = answer.send(known.loaded.clone());
                    }
                    _ => {
                        waiting.push(answer);
                        if fetching.is_none() {
                            fetching = Some(fetch().boxed());
                            tell.send_replace(true);
                        }
                    }
                },
            },
            loaded = loaded => {
                fetching = None;
                let fresh = Known::of(loaded);
                // Whoever has given up meanwhile asks again.
                for answer in waiting.drain(..) {
                    let _ = answer.send(fresh.loaded.clone());
                }
                known = Some(fresh);
                tell.send_replace(false);
            }
        }
    }
}

/// Why there are no credentials, for several who ask.
#[derive(Debug, Clone)]
struct Problem {
    kind: Kind,
    cause: Arc<CredentialsError>,
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    NotLoaded,
    TimedOut,
    Invalid,
    Provider,
    Unhandled,
}

impl Problem {
    fn of(error: CredentialsError) -> Self {
        let kind = match &error {
            CredentialsError::CredentialsNotLoaded(_) => Kind::NotLoaded,
            CredentialsError::ProviderTimedOut(_) => Kind::TimedOut,
            CredentialsError::InvalidConfiguration(_) => Kind::Invalid,
            CredentialsError::ProviderError(_) => Kind::Provider,
            _ => Kind::Unhandled,
        };
        Self {
            kind,
            cause: Arc::new(error),
        }
    }
}

/// The same words and causes as of the error itself, which cannot be cloned.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.cause.source() {
            Some(source) => fmt::Display::fmt(source, f),
            None => fmt::Display::fmt(&self.cause, f),
        }
    }
}

impl Error for Problem {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.source()?.source()
    }
}

impl From<Problem> for CredentialsError {
    fn from(problem: Problem) -> Self {
        match problem.kind {
            Kind::NotLoaded => Self::not_loaded(problem),
            Kind::TimedOut => Self::provider_timed_out(KEPT),
            Kind::Invalid => Self::invalid_configuration(problem),
            Kind::Provider => Self::provider_error(problem),
            Kind::Unhandled => Self::unhandled(problem),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::sync::Semaphore;

    use super::*;

    /// A keeper whose fetches wait for permits; the number of fetches begun; and what each gives, by its number.
    fn keeper(give: fn(usize) -> Loaded) -> (Keeper, Arc<Semaphore>, Arc<AtomicUsize>) {
        let (gate, count) = (Arc::new(Semaphore::new(0)), Arc::new(AtomicUsize::new(0)));
        let (permits, begun) = (Arc::clone(&gate), Arc::clone(&count));
        let fetch = move || {
            let number = begun.fetch_add(1, Ordering::SeqCst);
            let permits = Arc::clone(&permits);
            async move {
                permits.acquire().await.unwrap().forget();
                give(number)
            }
            .boxed()
        };
        (Keeper::start(Box::new(fetch)), gate, count)
    }

    fn keys(number: usize) -> Credentials {
        Credentials::new(format!("key-{number}"), "secret", None, None, "test")
    }

    #[tokio::test]
    async fn those_who_wait_share_one_fetch_and_who_gives_up_does_not_end_it() {
        let (keeper, gate, count) = keeper(|number| Ok(keys(number)));
        let mut waits = keeper.waits();
        let impatient = tokio::spawn({
            let keeper = keeper.clone();
            async move { keeper.load().await }
        });
        waits.wait_for(|waits| *waits).await.unwrap();
        impatient.abort();
        assert!(impatient.await.is_err());
        let others: Vec<_> = (0..3)
            .map(|_| {
                let keeper = keeper.clone();
                tokio::spawn(async move { keeper.load().await })
            })
            .collect();
        gate.add_permits(1);
        for other in others {
            let credentials = other.await.unwrap().unwrap();
            assert_eq!(credentials.access_key_id(), "key-0");
        }
        waits.wait_for(|waits| !*waits).await.unwrap();
        assert_eq!(count.load(Ordering::SeqCst), 1);
        assert_eq!(keeper.load().await.unwrap().access_key_id(), "key-0");
        assert_eq!(count.load(Ordering::SeqCst), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn what_aws_takes_for_ended_is_fetched_anew_unless_it_is_young() {
        let (keeper, gate, count) = keeper(|number| Ok(keys(number)));
        gate.add_permits(9);
        keeper.load().await.unwrap();
        keeper.forget();
        assert_eq!(keeper.load().await.unwrap().access_key_id(), "key-0");
        tokio::time::advance(YOUNG).await;
        keeper.forget();
        assert_eq!(keeper.load().await.unwrap().access_key_id(), "key-1");
        tokio::time::advance(KEPT).await;
        assert_eq!(keeper.load().await.unwrap().access_key_id(), "key-2");
        assert_eq!(count.load(Ordering::SeqCst), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn a_failure_is_told_in_its_own_words_and_tried_again_a_second_later() {
        let (keeper, gate, count) = keeper(|number| match number {
            0 => Err(CredentialsError::provider_error(
                "the SSO token has expired",
            )),
            number => Ok(keys(number)),
        });
        gate.add_permits(9);
        for _ in 0..2 {
            let error = keeper.load().await.unwrap_err();
            assert!(matches!(error, CredentialsError::ProviderError(_)));
            let source = error.source().unwrap().to_string();
            assert_eq!(source, "the SSO token has expired");
        }
        assert_eq!(count.load(Ordering::SeqCst), 1);
        tokio::time::advance(LEAST).await;
        assert!(keeper.load().await.is_ok());
    }
}
