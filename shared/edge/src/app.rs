//! The app of one instance: its settings, the cache, Postgres and the Redis of state.

use std::cell::OnceCell;
use std::future::Future;
use std::pin::Pin;

use cache_logic::origin::OriginFault;
use cache_spin::address;
use cache_spin::cache::{Cache, Settings};
use cache_spin::log::{self, Level};
use cache_spin::rates::Rates;
use cache_spin::redis::Redis;
use cache_spin::state::State;
use cache_spin::statistics::StatisticsSettings;
use cache_spin::terms::Terms;
use commerce::error::Error;
use commerce::views;

use crate::feed;
use crate::jobs;
use crate::settings::{
    Callers, Config, ConfigError, OnceResult, Rules, component, log_wrong, merge, misconfigured, once,
};

/// The name that the product goes by in `Cache-Status` and in Postgres' list of connections.
pub const NAME: &str = "edge-orders";

/// The dependencies of one instance.
pub struct App {
    /// The settings that every request needs.
    pub config: Config,
    /// Redis in front of Postgres.
    pub cache: Cache,
    /// The Redis of state that must not be evicted. No entry of the cache is there.
    pub state: State,
    /// Limits on requests. Their counters are in the cache's Redis.
    pub rates: Rates,
}

thread_local! {
    static APP: OnceCell<OnceResult<App>> = const { OnceCell::new() };
}

impl App {
    /// This instance's app; the settings are read at the first request.
    ///
    /// # Errors
    /// Every setting that is wrong; the same at each request of this instance.
    pub async fn get() -> OnceResult<Self> {
        once(&APP, async || {
            let config = Config::load(component()).await?;
            log_wrong(&config.wrong());
            for key in config.callers.iter().flat_map(|callers| callers.jwt_keys.unusable()) {
                log::say(Level::Warn, "settings", format_args!("variable jwt_keys {key}; it is passed over"));
            }
            Ok(Self::new(config))
        })
        .await
    }

    /// This instance's app, if a request has needed it and its settings are right.
    pub(crate) fn loaded() -> Option<&'static Self> {
        APP.with(|app| app.get().copied())?.ok()
    }

    /// As [`Self::get`], as an answer to a request.
    ///
    /// # Errors
    /// [`Error::Misconfigured`] that names every wrong setting.
    pub async fn ready() -> Result<&'static Self, Error> {
        match Self::get().await {
            Ok(app) => Ok(app),
            Err(_) => Err(misconfigured(&Self::wrong_settings().await)),
        }
    }

    /// Every setting that is wrong, those of [`Rules`] among them.
    pub async fn wrong_settings() -> Vec<ConfigError> {
        let wrong = match Self::get().await {
            Ok(app) => app.config.wrong(),
            Err(wrong) => wrong.to_vec(),
        };
        merge(wrong, Rules::get().await.err().unwrap_or_default())
    }

    /// How callers prove their identity.
    ///
    /// # Errors
    /// [`Error::Misconfigured`] that names every wrong setting, if one of these is wrong.
    pub async fn callers(&self) -> Result<&Callers, Error> {
        match &self.config.callers {
            Ok(callers) => Ok(callers),
            // A future of its own: nearly every request finds them right.
            Err(_) => Err(misconfigured(&Box::pin(Self::wrong_settings()).await)),
        }
    }

    fn new(config: Config) -> Self {
        let redis = Redis::new("Redis", config.redis_url.clone(), config.redis_timeout, config.redis_rest);
        let apart = config.redis_state_url.is_some();
        let state_redis = match &config.redis_state_url {
            Some(url) => Redis::new("the Redis of state", url.clone(), config.redis_timeout, config.redis_rest),
            None => redis.clone(),
        };
        let rates = Rates::new(redis.clone(), &config.key_prefix, config.redis_rest);
        let cache = Cache::new(Settings {
            redis,
            key_prefix: config.key_prefix.clone(),
            database_url: address::named(config.database_url.clone(), NAME),
            database_name: address::database_name(&config.database_url),
            cache_name: address::cache_name(&config.redis_url, &config.key_prefix),
            timing: config.timing,
            statistics: StatisticsSettings {
                redis: state_redis.clone(),
                apart,
                rest: config.redis_rest,
                entities: &views::NAMES,
                hot: Some(views::ORDER.number()),
                gather: config.statistics_flush,
            },
            terms,
            certified: |epoch| Box::pin(jobs::look(Some(epoch))),
        });
        cache.when_changed(feed::sequence_behind);
        let state = State::new(state_redis, apart, config.key_prefix.clone());
        Self { config, cache, state, rates }
    }
}

/// The terms that a miss or a write needs, out of [`Rules`].
fn terms() -> Pin<Box<dyn Future<Output = Result<&'static Terms, OriginFault>>>> {
    Box::pin(async { Ok(&Rules::for_cache().await?.terms) })
}
