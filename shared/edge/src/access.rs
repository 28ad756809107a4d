//! Revoked tokens. Postgres has them, and each organisation's are one cached list under a tag of
//! their own. An instance keeps the list that it was given, and the generations that it was given
//! under. A look that sees the same generations shows that the list is current, so a hit pays one
//! key for it.
//!
//! A request that begins after a revocation was acknowledged sees another generation, or none, or
//! no certificate. Then the list is loaded anew before the answer. If Redis can't show it, Postgres
//! is asked in a statement of its own. If that is away too, the last known list counts, and
//! `revocation_unknown` says whether it is enough.
//!
//! The same look shows the counters of [limits](crate::limits).

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use cache_logic::certificate::{Epoch, Generation};
use cache_logic::origin::OriginFault;
use cache_logic::ports::OriginError;
use cache_logic::read::{Beside, Outcome, Read, SeenBeside, Sight};
use cache_spin::params;
use cache_spin::rates::Rate;
use commerce::access::{RevokedToken, RevokedTokens, Standing};
use commerce::caller::Caller;
use commerce::error::Error;
use commerce::preconditions::body_hash;
use commerce::views::{self, Entry, tags};
use uuid::Uuid;

use crate::app::App;
use crate::auth::Credential;
use crate::data::{self, Param};
use crate::limits::{Limited, RequestLimits};
use crate::reply::Reply;
use crate::settings::{RevocationUnknown, Rules};

/// How many organisations' lists an instance keeps. The oldest goes first.
const KEPT: usize = 32;

/// The generations and the epoch under which something is known of an organisation's tokens. It
/// stays true until one of them is another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Basis {
    epoch: Epoch,
    access: Generation,
    tenant: Generation,
}

impl Basis {
    /// Out of a look that saw the two tags at these places. `None` if a generation is missing.
    fn of(sight: &Sight, access: usize, tenant: usize) -> Option<Self> {
        let at = |place: usize| sight.generations.get(place).copied().flatten();
        Some(Self { epoch: sight.epoch, access: at(access)?, tenant: at(tenant)? })
    }
}

/// A verified token, as an instance remembers it.
#[derive(Debug)]
pub struct Token {
    text: String,
    access_tag: String,
    tenant_tag: String,
    /// The limits on its caller's requests.
    rates: Vec<Rate>,
    /// What it was last found good under.
    good: Cell<Option<Basis>>,
}

impl Token {
    /// A token of this caller of which nothing is known yet.
    pub(crate) fn new(text: &str, caller: &Caller, limits: &RequestLimits) -> Self {
        Self {
            text: text.to_owned(),
            access_tag: tags::access_tag(caller.organization),
            tenant_tag: tags::tenant_tag(caller.organization),
            rates: limits.rates(caller),
            good: Cell::new(None),
        }
    }

    /// The token as it was sent.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }
}

/// The caller of a request, and whether this request has found its token good.
pub struct Admitted {
    /// The app of this instance.
    pub app: &'static App,
    /// The caller and its token.
    pub credential: Rc<Credential>,
    good: Cell<bool>,
    limited: Option<Limited>,
}

/// What a cached read has to look at for a caller's token, beside its entry.
pub(crate) struct Watch<'a> {
    tags: [&'a str; 2],
    count: usize,
    access: usize,
    tenant: usize,
    keys: Vec<&'a str>,
}

impl Watch<'_> {
    /// Behind the tags and the key of the entry.
    pub(crate) fn beside(&self) -> Beside<'_> {
        Beside { tags: &self.tags[..self.count], keys: &self.keys }
    }
}

/// What a request knows of its organisation's generations.
enum Seen {
    /// They stand.
    Basis(Basis),
    /// One is missing, under a certificate that counts.
    Missing,
    /// Redis can't show anything.
    Nothing,
}

impl Admitted {
    /// A caller whose token is still to be looked up.
    pub(crate) fn new(app: &'static App, credential: Rc<Credential>) -> Self {
        let good = Cell::new(credential.token.is_none());
        let limited = credential.token.as_ref().and_then(|token| Limited::of(app, &token.rates));
        Self { app, credential, good, limited }
    }

    /// The same, if limits needn't hold: a probe is never refused.
    pub(crate) fn unlimited(self) -> Self {
        Self { limited: None, ..self }
    }

    /// Refuses a request beyond a limit that this instance knows to be exhausted.
    ///
    /// # Errors
    /// [`Error::TooManyRequests`].
    pub(crate) fn refuse_known(&self) -> Result<(), Error> {
        match (&self.limited, &self.credential.token) {
            (Some(limited), Some(token)) => limited.refuse_known(self.app, &token.rates),
            _ => Ok(()),
        }
    }

    /// The outcome of the request, with what its limits leave.
    ///
    /// # Errors
    /// That of `outcome`; [`Error::TooManyRequests`].
    pub(crate) fn with_limits(&self, outcome: Result<Reply, Error>) -> Result<Reply, Error> {
        match &self.limited {
            Some(limited) => limited.conclude(outcome),
            None => outcome,
        }
    }

    /// A caller that has shown no token which could be revoked, such as a guest.
    pub fn without_token(app: &'static App, caller: Caller) -> Self {
        Self::new(app, Rc::new(Credential { caller, token: None }))
    }

    /// Whether nothing is left to be looked up.
    pub(crate) fn is_good(&self) -> bool {
        self.good.get()
    }

    /// What to watch in a read with `count` tags, of which the last one is that of `tenant`.
    /// `None` if there is no token.
    pub(crate) fn watch(&self, count: usize, tenant: Option<Uuid>) -> Option<Watch<'_>> {
        let token = self.credential.token.as_ref()?;
        let tags = [&*token.access_tag, &*token.tenant_tag];
        let keys = self.counters();
        Some(match tenant == Some(self.credential.caller.organization) {
            true => Watch { tags, count: 1, access: count, tenant: count - 1, keys },
            false => Watch { tags, count: 2, access: count, tenant: count + 1, keys },
        })
    }

    /// The counters of limits that are still to be looked at.
    fn counters(&self) -> Vec<&str> {
        self.limited.iter().flat_map(Limited::keys).collect()
    }

    /// Looks the token up by what a read has seen, and counts the request.
    ///
    /// # Errors
    /// As [`Admitted::check`].
    pub(crate) async fn settle(&self, watch: Option<Watch<'_>>, seen: SeenBeside) -> Result<(), Error> {
        let (Some(token), Some(watch)) = (&self.credential.token, watch) else { return Ok(()) };
        let SeenBeside { sight, values } = seen;
        let basis = sight.as_ref().and_then(|sight| Basis::of(sight, watch.access, watch.tenant));
        if basis.is_some() && token.good.get() == basis {
            self.good.set(true);
        } else {
            let seen = match (basis, sight) {
                (Some(basis), _) => Seen::Basis(basis),
                (None, Some(_)) => Seen::Missing,
                (None, None) => Seen::Nothing,
            };
            // A future of its own: nearly every read has ended by now.
            Box::pin(self.examine(token, seen)).await?;
        }
        match &self.limited {
            Some(limited) => limited.decide(self.app, &token.rates, values).await,
            None => Ok(()),
        }
    }

    /// Looks the token up and counts the request, in a look of its own.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] if it was revoked. [`Error::Unavailable`] if nobody can tell, and
    /// `revocation_unknown` says that such a token doesn't count. [`Error::TooManyRequests`].
    pub async fn check(&self) -> Result<(), Error> {
        let Some(token) = &self.credential.token else { return Ok(()) };
        let tags = [&*token.access_tag, &*token.tenant_tag];
        let watch = Watch { tags, count: 2, access: 0, tenant: 1, keys: self.counters() };
        let seen = self.app.cache.see(watch.beside()).await;
        self.settle(Some(watch), seen.unwrap_or_default()).await
    }

    async fn examine(&self, token: &Token, seen: Seen) -> Result<(), Error> {
        let caller = &self.credential.caller;
        let list = List::of(self.app, caller.organization, seen).await?;
        let standing = match list.judge(caller) {
            Some((Standing::Unlisted, basis)) => one(self.app, caller, token, basis).await?,
            other => other,
        };
        match standing {
            Some((Standing::Revoked, _)) => return Err(Error::unauthenticated("the token was revoked")),
            Some((Standing::Good, basis)) => {
                if basis.is_some() {
                    token.good.set(basis);
                }
            }
            // Nobody can tell.
            Some((Standing::Unlisted, _)) | None => match Rules::ready().await?.revocation_unknown {
                RevocationUnknown::Serve => {}
                RevocationUnknown::Refuse => {
                    let detail = "Postgres is away, so nobody can tell whether the token was revoked".to_owned();
                    return Err(Error::Unavailable { detail, retry_after_seconds: 1 });
                }
            },
        }
        self.good.set(true);
        Ok(())
    }
}

/// A list that an instance keeps.
struct Kept {
    tokens: RevokedTokens,
    /// `None`: it can't be shown to be current.
    basis: Option<Basis>,
}

thread_local! {
    static LISTS: RefCell<Vec<(Uuid, Rc<Kept>)>> = const { RefCell::new(Vec::new()) };
}

/// The revoked tokens of an organisation, as a request has found them.
enum List {
    /// As they are.
    Current(Rc<Kept>),
    /// As they were when Postgres was last there, by this instance and by Redis.
    LastKnown(Option<Rc<Kept>>, Option<RevokedTokens>),
}

impl List {
    async fn of(app: &'static App, organization: Uuid, seen: Seen) -> Result<Self, Error> {
        let kept = kept(organization);
        if let (Seen::Basis(basis), Some(kept)) = (&seen, &kept)
            && kept.basis == Some(*basis)
        {
            return Ok(Self::Current(kept.clone()));
        }
        let entry = views::REVOKED_TOKENS.entry_of_tenant(organization);
        match ask(app, entry, params![organization], matches!(seen, Seen::Nothing)).await? {
            Answer::Current(body, basis) => {
                let kept = Rc::new(Kept { tokens: RevokedTokens::parse(&body)?, basis });
                keep(organization, &kept);
                Ok(Self::Current(kept))
            }
            Answer::LastKnown(body) => Ok(Self::LastKnown(kept, Some(RevokedTokens::parse(&body)?))),
            Answer::Unknown => Ok(Self::LastKnown(kept, None)),
        }
    }

    /// What it says of a caller's token, and under what that stays so. `None`: it can't tell.
    fn judge(&self, caller: &Caller) -> Option<(Standing, Option<Basis>)> {
        match self {
            Self::Current(kept) => Some((kept.tokens.judge(caller), kept.basis)),
            Self::LastKnown(kept, stored) => {
                let known = kept.iter().map(|kept| &kept.tokens).chain(stored);
                let standings: Vec<_> = known.map(|tokens| tokens.judge(caller)).collect();
                // A list that doesn't name the token may be too old.
                let tells = [Standing::Revoked, Standing::Unlisted].into_iter().find(|one| standings.contains(one))?;
                Some((tells, None))
            }
        }
    }
}

fn kept(organization: Uuid) -> Option<Rc<Kept>> {
    LISTS.with_borrow(|lists| lists.iter().find(|(of, _)| *of == organization).map(|(_, kept)| kept.clone()))
}

fn keep(organization: Uuid, kept: &Rc<Kept>) {
    LISTS.with_borrow_mut(|lists| {
        lists.retain(|(of, _)| *of != organization);
        if lists.len() >= KEPT {
            lists.remove(0);
        }
        lists.push((organization, kept.clone()));
    });
}

/// One token by itself, of an organisation with very many revocations. `listed` is what the list is
/// known under: `None` if Redis couldn't show it.
async fn one(
    app: &'static App,
    caller: &Caller,
    token: &Token,
    listed: Option<Basis>,
) -> Result<Option<(Standing, Option<Basis>)>, Error> {
    let entry = views::REVOKED_TOKEN.entry_of_token(caller.organization, &body_hash(token.text.as_bytes()));
    let params = params![caller.organization, caller.token_id.clone(), caller.subject.clone(), caller.issued_at];
    let standing = |body: &[u8]| {
        let token = RevokedToken::parse(body)?;
        Ok::<_, Error>(if token.revoked { Standing::Revoked } else { Standing::Good })
    };
    Ok(match ask(app, entry, params, listed.is_none()).await? {
        Answer::Current(body, basis) => Some((standing(&body)?, basis)),
        Answer::LastKnown(body) => Some((standing(&body)?, None)).filter(|(told, _)| *told == Standing::Revoked),
        Answer::Unknown => None,
    })
}

/// What was found out about revocations.
enum Answer {
    /// As it is, and what it is current under; `None` if it is so only now.
    Current(Vec<u8>, Option<Basis>),
    /// As it was when Postgres was last there.
    LastKnown(Vec<u8>),
    /// Postgres is away, and Redis has nothing.
    Unknown,
}

/// Asks Redis in front of Postgres; `around`: Postgres first.
async fn ask(app: &'static App, entry: Entry, params: Vec<Param>, around: bool) -> Result<Answer, Error> {
    let unreachable = |fault: OriginFault| if fault.unreachable() { Ok(()) } else { Err(Error::from(fault)) };
    if around {
        match app.cache.ports.postgres.query(entry.view.statement, params.clone()).await {
            Ok(rows) => return Ok(Answer::Current(data::one(rows)?.take_bytes("body")?, None)),
            Err(fault) => unreachable(fault)?,
        }
    }
    match data::read_unwatched(app, entry, params).await {
        Ok(Some(Read { value, outcome: Outcome::StaleIfError, .. })) => Ok(Answer::LastKnown(value.payload)),
        Ok(Some(Read { value, sight, .. })) => {
            Ok(Answer::Current(value.payload, sight.and_then(|sight| Basis::of(&sight, 0, 1))))
        }
        Ok(None) => Err(Error::internal("the database gave no revoked tokens")),
        Err(fault) => unreachable(fault).map(|()| Answer::Unknown),
    }
}
