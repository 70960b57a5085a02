// Package flexcancel releases the hold on a shopper's HSA/FSA card (Flex), and tells the truth
// about whether it is released.
//
// A call ends in one of five outcomes, and a definite one is never wrong:
//
//   - [Canceled], [AlreadyCanceled]: "voided". No hold is left.
//   - [NotCancelable]: "too late". Captured or expired; money may have moved now or earlier: check
//     before refunding.
//   - [NotApplied]: "not voided". Surely not done, and it will not be.
//   - [Unknown]: "pending". Never tell the shopper "voided" or "not voided".
//
// Make one [Client] and keep it: it is safe for use by many goroutines, and its connections are
// used again.
//
// It binds the C library libflexcancel through cgo. By default pkg-config finds the shared library;
// with the build tag flexcancel_static the static one is linked. The README of this directory has
// the lines.
//
// # The outbox
//
// [Client.OpenOutbox] opens a file that keeps cancels until they are delivered: before the first
// byte is sent, through a power cut, and until a person has seen what could not be delivered.
//
// # Many cancels
//
// [Client.CancelMany] cancels a sequence of sessions, several at a time and under a rate, and can be
// resumed by a journal.
//
// # Errors
//
// [Client.Cancel] gives an error for every outcome but the two that mean "voided", and
// [Client.Retrieve] for every code but [CodeOK]. The error is an [*Error]; errors.Is finds the
// sentinels ([ErrUnknown], [ErrNotCancelable], [ErrNotApplied], [ErrTimeout], …) and the context's
// own error where the context ended the call. The [Result] is there beside the error whenever the
// library was called, so that nothing that is known gets lost: it is nil only where the client was
// closed before, or an option could not be handed over, and nothing was sent.
//
// [Client.WarmUp] and the outbox's Flush, List, Acknowledge and Stats say nothing of any cancel.
// Their error has a code and no outcome, and matches no sentinel of an outcome.
package flexcancel
