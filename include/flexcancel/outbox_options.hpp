/*
 * The options of an outbox's operations: OutboxOptions, EntryOptions, FlushOptions, ClaimOptions,
 * Settlement, ListFilter. Part of flexcancel.hpp.
 *
 * All are made in place and are written as JSON. Setting one again replaces it, but not one that
 * came with a Repeat. Nothing is checked here: the operation refuses what cannot be used, and names
 * the option. docs/OUTBOX.md has the defaults and bounds. Threads: as a std::string. Errors: none,
 * but for memory.
 */
#ifndef FLEXCANCEL_OUTBOX_OPTIONS_HPP
#define FLEXCANCEL_OUTBOX_OPTIONS_HPP

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "mode.hpp"
#include "outcome.hpp"
#include "repeat.hpp"
#include "text.hpp"

namespace flexcancel {
inline namespace FLEXCANCEL_MODE {

/** How an outbox is opened: Outbox::open(client, OutboxOptions().path("outbox.db")). */
class OutboxOptions : public detail::JsonObject<OutboxOptions> {
  public:
    /** Whether the file is made if it is not there; true by default. */
    OutboxOptions &create(bool may_create) & { return truth("create", may_create); }
    OutboxOptions create(bool may_create) && { return std::move(create(may_create)); }
    /** How long delivered and acknowledged entries are kept after their end. */
    OutboxOptions &keep(std::chrono::milliseconds time) & { return millis("keep_ms", time); }
    OutboxOptions keep(std::chrono::milliseconds time) && { return std::move(keep(time)); }
    /** The file; required. Its directory must be there. */
    OutboxOptions &path(detail::TextArgument file) & { return text("path", file); }
    OutboxOptions path(detail::TextArgument file) && { return std::move(path(file)); }
};

/**
 * How a cancel is kept, and tried at once: outbox.cancel(id, EntryOptions().timeout(5s)).
 * An enqueue makes no call, and refuses max_attempts, timeout and verify. A cancel that ended
 * unknown is handed over by its result: outbox.cancel(id, result.repeat()).
 */
class EntryOptions : public detail::JsonObject<EntryOptions> {
  public:
    /** No options. */
    EntryOptions() = default;
    /**
     * The options that repeat a cancel: idempotency_key, in_doubt and asked_at. Others may be set
     * in addition. Setting one of these three does not replace it, because it belongs to the cancel
     * that is repeated: the call is refused with Code::invalid_argument and names the option.
     */
    explicit EntryOptions(const Repeat &repeat) : JsonObject(repeat.json()) {}

    /** When a person asked for this cancel; now by default. A later hold is not released. */
    EntryOptions &asked_at(std::chrono::system_clock::time_point time) & {
        return millis("asked_at_ms", time);
    }
    EntryOptions asked_at(std::chrono::system_clock::time_point time) && {
        return std::move(asked_at(time));
    }
    /** How long to try to deliver it. */
    EntryOptions &deliver_within(std::chrono::milliseconds time) & {
        return millis("deliver_within_ms", time);
    }
    EntryOptions deliver_within(std::chrono::milliseconds time) && {
        return std::move(deliver_within(time));
    }
    /** Related objects to have in full in the response. Flex does not document the names. */
    EntryOptions &expand(std::initializer_list<detail::TextArgument> names) & {
        return texts("expand", names);
    }
    EntryOptions expand(std::initializer_list<detail::TextArgument> names) && {
        return std::move(expand(names));
    }
    /** The same for names that are known at run time only. */
    EntryOptions &expand(const std::vector<std::string> &names) & { return texts("expand", names); }
    EntryOptions expand(const std::vector<std::string> &names) && {
        return std::move(expand(names));
    }
    /**
     * The key of a new entry, which every send carries. Set in_doubt(false) if it is new. A pending
     * entry keeps its own.
     */
    EntryOptions &idempotency_key(detail::TextArgument key) & {
        return text("idempotency_key", key);
    }
    EntryOptions idempotency_key(detail::TextArgument key) && {
        return std::move(idempotency_key(key));
    }
    /**
     * Whether an earlier request with this key may have reached Flex; true by default where a key
     * is set. False: this is the key's first use. True without a key is refused.
     */
    EntryOptions &in_doubt(bool is) & { return truth("in_doubt", is); }
    EntryOptions in_doubt(bool is) && { return std::move(in_doubt(is)); }
    /** The most times that the request is sent in the try that is made at once. */
    EntryOptions &max_attempts(std::int64_t count) & { return number("max_attempts", count); }
    EntryOptions max_attempts(std::int64_t count) && { return std::move(max_attempts(count)); }
    /** The deadline of the try that is made at once. */
    EntryOptions &timeout(std::chrono::milliseconds time) & { return millis("timeout_ms", time); }
    EntryOptions timeout(std::chrono::milliseconds time) && { return std::move(timeout(time)); }
    /** Whether a confirmation that does not show the release is checked by a read-back. */
    EntryOptions &verify(bool reads_back) & { return truth("verify", reads_back); }
    EntryOptions verify(bool reads_back) && { return std::move(verify(reads_back)); }
};

/** How much a flush does: outbox.flush(FlushOptions().timeout(10s)). */
class FlushOptions : public detail::JsonObject<FlushOptions> {
  public:
    /** The most entries that are tried. */
    FlushOptions &max(std::int64_t count) & { return number("max", count); }
    FlushOptions max(std::int64_t count) && { return std::move(max(count)); }
    /** Whether entries are tried, too, that wait for their next try; false by default. */
    FlushOptions &now(bool also_waiting) & { return truth("now", also_waiting); }
    FlushOptions now(bool also_waiting) && { return std::move(now(also_waiting)); }
    /** The deadline of the whole flush. */
    FlushOptions &timeout(std::chrono::milliseconds time) & { return millis("timeout_ms", time); }
    FlushOptions timeout(std::chrono::milliseconds time) && { return std::move(timeout(time)); }
};

/** What a claim takes: outbox.claim(ClaimOptions().lease(10min)). */
class ClaimOptions : public detail::JsonObject<ClaimOptions> {
  public:
    /** How long nobody else delivers the entries. */
    ClaimOptions &lease(std::chrono::milliseconds time) & { return millis("lease_ms", time); }
    ClaimOptions lease(std::chrono::milliseconds time) && { return std::move(lease(time)); }
    /** The most entries. */
    ClaimOptions &max(std::int64_t count) & { return number("max", count); }
    ClaimOptions max(std::int64_t count) && { return std::move(max(count)); }
};

/**
 * How somebody else's delivery of an entry ended: outbox.settle(id, Settlement().lease(lease)
 * .idempotency_key(key).outcome(Outcome::canceled).code(Code::ok)). These four are required.
 */
class Settlement : public detail::JsonObject<Settlement> {
  public:
    /** Why the outcome is what it is. */
    Settlement &code(Code code) & { return text("code", name(code)); }
    Settlement code(Code code) && { return std::move(this->code(code)); }
    /** The entry's key; the result of another cancel settles nothing. */
    Settlement &idempotency_key(detail::TextArgument key) & { return text("idempotency_key", key); }
    Settlement idempotency_key(detail::TextArgument key) && {
        return std::move(idempotency_key(key));
    }
    /** The lease that the claim gave. */
    Settlement &lease(detail::TextArgument lease) & { return text("lease", lease); }
    Settlement lease(detail::TextArgument lease) && { return std::move(this->lease(lease)); }
    /** The same as the code in words. */
    Settlement &message(detail::TextArgument message) & { return text("message", message); }
    Settlement message(detail::TextArgument message) && {
        return std::move(this->message(message));
    }
    /**
     * What is known of the cancel. not_applied asserts that no request under the lease had an
     * effect or will have one.
     */
    Settlement &outcome(Outcome outcome) & { return text("outcome", name(outcome)); }
    Settlement outcome(Outcome outcome) && { return std::move(this->outcome(outcome)); }
    /** How long Flex has asked to wait. */
    Settlement &retry_after(std::chrono::milliseconds time) & {
        return millis("retry_after_ms", time);
    }
    Settlement retry_after(std::chrono::milliseconds time) && {
        return std::move(retry_after(time));
    }
};

/** Which entries a list shows: outbox.list(ListFilter::worklist().max(20)). */
class ListFilter : public detail::JsonObject<ListFilter> {
  public:
    /** What a person has to look at: refused, expired, in need of attention; not acknowledged. */
    [[nodiscard]] static ListFilter worklist() {
        return ListFilter().states({"refused", "expired", "needs_attention"}).acknowledged(false);
    }

    /** Only those that are acknowledged, or only those that are not. */
    ListFilter &acknowledged(bool are) & { return truth("acknowledged", are); }
    ListFilter acknowledged(bool are) && { return std::move(acknowledged(are)); }
    /** Only those with a greater number: where the list before ended. */
    ListFilter &after(std::int64_t entry_id) & { return number("after", entry_id); }
    ListFilter after(std::int64_t entry_id) && { return std::move(after(entry_id)); }
    /** The most entries. */
    ListFilter &max(std::int64_t count) & { return number("max", count); }
    ListFilter max(std::int64_t count) && { return std::move(max(count)); }
    /** Only those of this session. */
    ListFilter &session_id(detail::TextArgument id) & { return text("session_id", id); }
    ListFilter session_id(detail::TextArgument id) && { return std::move(session_id(id)); }
    /** Only those in these states: pending, delivered, refused, expired, needs_attention. */
    ListFilter &states(std::initializer_list<detail::TextArgument> names) & {
        return texts("states", names);
    }
    ListFilter states(std::initializer_list<detail::TextArgument> names) && {
        return std::move(states(names));
    }
    /** The same for names that are known at run time only. */
    ListFilter &states(const std::vector<std::string> &names) & { return texts("states", names); }
    ListFilter states(const std::vector<std::string> &names) && { return std::move(states(names)); }
};

} // namespace FLEXCANCEL_MODE
} // namespace flexcancel

#endif // FLEXCANCEL_OUTBOX_OPTIONS_HPP
