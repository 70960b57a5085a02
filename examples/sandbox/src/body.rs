//! A session as Flex's responses show it: all 47 documented fields.

use std::borrow::Cow;
use std::sync::LazyLock;
use std::time::Duration;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::axes::{AfterCancel, Intents, Lists, Times};
use crate::dialect::Dialect;
use crate::id::iso8601;
use crate::intent::Intent;
use crate::keys::Mode;
use crate::model::SESSION_LIFETIME;
use crate::notation::{self, Amount, IntentView, List};
use crate::session::{CaptureMethod, Movement, Session, Status};

/// The documented fields that nothing in the sandbox changes.
static FIXED: LazyLock<Map<String, Value>> =
    LazyLock::new(|| serde_json::from_str(include_str!("fixed_fields.json")).unwrap_or_default());

/// The related objects that a response shows in full. Names it does not know are ignored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Expand {
    pub(crate) payment_intent: bool,
    pub(crate) payment_intents: bool,
    pub(crate) customer: bool,
    pub(crate) captures: bool,
    pub(crate) refunds: bool,
}

impl Expand {
    /// Adds a comma-separated list of names.
    pub(crate) fn add(&mut self, names: &str) {
        for name in names.split(',').map(str::trim) {
            match name {
                "payment_intent" => self.payment_intent = true,
                "payment_intents" => self.payment_intents = true,
                "customer" => self.customer = true,
                "captures" => self.captures = true,
                "refunds" => self.refunds = true,
                _ => {}
            }
        }
    }
}

/// The JSON of `{"checkout_session": …}`.
pub(crate) fn render(
    session: &Session,
    mut expand: Expand,
    dialect: Dialect,
    epoch_s: u64,
) -> Vec<u8> {
    if dialect.intents == Intents::BareIds {
        expand.payment_intent = false;
        expand.payment_intents = false;
    }
    let view = View { session, expand, dialect, epoch_s };
    // Strings and numbers that are finite cannot fail to serialize into memory.
    serde_json::to_vec(&Envelope { checkout_session: view.body() }).unwrap_or_default()
}

struct View<'a> {
    session: &'a Session,
    expand: Expand,
    dialect: Dialect,
    epoch_s: u64,
}

impl<'a> View<'a> {
    fn body(&self) -> Body<'a> {
        let session = self.session;
        let shows_intents = self.dialect.lists != Lists::Absent;
        Body {
            amount_total: session.params.amount_total,
            amount_subtotal: session.params.amount_total,
            amount_received: Amount::new(session.amount_captured(), self.dialect.notation),
            amount_refunded: session.amount_refunded(),
            cancel_url: &session.params.cancel_url,
            captures: self.movements(&session.captures, self.expand.captures, Kind::Capture),
            capture_method: session.params.capture_method,
            checkout_session_id: notation::id(&session.id, self.dialect.id_case),
            client_reference_id: session.params.client_reference_id.as_deref(),
            completed_at: session
                .completed_at
                .filter(|_| self.dialect.times == Times::Completed)
                .map(|at| self.unix_s(at)),
            created_at: self.unix_s(session.created_at),
            customer: self.customer(),
            expires_at: self.unix_s(session.created_at + SESSION_LIFETIME),
            metadata: &session.params.metadata,
            payment_intent: shows_intents.then(|| {
                session.intents.last().map(|it| self.intent(it, self.expand.payment_intent))
            }),
            payment_intents: shows_intents.then(|| {
                let show = |it| self.intent(it, self.expand.payment_intents);
                List::new(session.intents.iter().map(show).collect(), self.dialect.lists)
            }),
            redirect_url: format!("https://checkout.example.com/pay/{}", session.id),
            refunds: self.movements(&session.refunds, self.expand.refunds, Kind::Refund),
            status: self.status(),
            success_url: &session.params.success_url,
            test_mode: self.test_mode(),
            fixed: &FIXED,
        }
    }

    fn status(&self) -> &'static str {
        match self.session.status {
            Status::Open => "open",
            Status::Complete => "complete",
            Status::Expired => "expired",
            Status::Canceled => match self.dialect.after_cancel {
                AfterCancel::Canceled => notation::canceled(self.dialect.spelling),
                AfterCancel::Expired => "expired",
                AfterCancel::Complete => "complete",
                AfterCancel::Open => "open",
            },
        }
    }

    fn intent(&self, intent: &'a Intent, expanded: bool) -> Expandable<'a, IntentView<'a>> {
        if !expanded {
            return Expandable::Id(notation::id(&intent.id, self.dialect.id_case));
        }
        let (customer, epoch_s) = (&self.session.customer, self.epoch_s);
        let view = IntentView::new(intent, customer, self.test_mode(), self.dialect, epoch_s);
        Expandable::Object(view)
    }

    fn customer(&self) -> Expandable<'a, Customer<'a>> {
        let customer_id = self.session.customer.as_str();
        if !self.expand.customer {
            return Expandable::Id(Cow::Borrowed(customer_id));
        }
        Expandable::Object(Customer {
            customer_id,
            email: "john.doe@example.com",
            first_name: "John",
            last_name: "Doe",
            phone: "+15555555555",
            created_at: iso8601(self.unix_s(self.session.created_at)),
            test_mode: self.test_mode(),
        })
    }

    fn movements(
        &self,
        movements: &'a [Movement],
        expanded: bool,
        kind: Kind,
    ) -> List<Expandable<'a, MovementView<'a>>> {
        let show = |movement: &'a Movement| {
            if !expanded {
                return Expandable::Id(Cow::Borrowed(&movement.id));
            }
            Expandable::Object(MovementView {
                capture_id: (kind == Kind::Capture).then_some(&movement.id),
                refund_id: (kind == Kind::Refund).then_some(&movement.id),
                amount: movement.amount,
                payment_intent: notation::id(&movement.intent, self.dialect.id_case),
                created_at: iso8601(self.unix_s(movement.created_at)),
                status: "succeeded",
                test_mode: self.test_mode(),
            })
        };
        List::new(movements.iter().map(show).collect(), self.dialect.lists)
    }

    fn unix_s(&self, moment: Duration) -> u64 {
        self.epoch_s + moment.as_secs()
    }

    fn test_mode(&self) -> bool {
        self.session.mode == Mode::Test
    }
}

#[derive(Serialize)]
struct Envelope<'a> {
    checkout_session: Body<'a>,
}

#[derive(Serialize)]
struct Body<'a> {
    amount_total: u64,
    amount_subtotal: u64,
    #[serde(skip_serializing_if = "Amount::is_missing")]
    amount_received: Amount,
    amount_refunded: u64,
    cancel_url: &'a str,
    captures: List<Expandable<'a, MovementView<'a>>>,
    capture_method: CaptureMethod,
    checkout_session_id: Cow<'a, str>,
    client_reference_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    completed_at: Option<u64>,
    created_at: u64,
    customer: Expandable<'a, Customer<'a>>,
    expires_at: u64,
    metadata: &'a Map<String, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payment_intent: Option<Option<Expandable<'a, IntentView<'a>>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payment_intents: Option<List<Expandable<'a, IntentView<'a>>>>,
    redirect_url: String,
    refunds: List<Expandable<'a, MovementView<'a>>>,
    status: &'static str,
    success_url: &'a str,
    test_mode: bool,
    #[serde(flatten)]
    fixed: &'static Map<String, Value>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Expandable<'a, T> {
    Id(Cow<'a, str>),
    Object(T),
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Capture,
    Refund,
}

#[derive(Serialize)]
struct MovementView<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    capture_id: Option<&'a String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refund_id: Option<&'a String>,
    amount: u64,
    payment_intent: Cow<'a, str>,
    created_at: String,
    status: &'static str,
    test_mode: bool,
}

#[derive(Serialize)]
struct Customer<'a> {
    customer_id: &'a str,
    email: &'static str,
    first_name: &'static str,
    last_name: &'static str,
    phone: &'static str,
    created_at: String,
    test_mode: bool,
}
