// Between a person and a worker it is the worker who gives way.
//
// Everybody locks rows in one order (ARCHITECTURE, "Row locks"), but a transaction of
// several calls takes them call by call: who pauses job 2 and then job 1 has the second
// when he wants the first, and a worker that spends for both wants the second when it
// has the first. Two rules make that pass without an error that a person sees:
//
//   a worker waits for a lock so long and no longer, then undoes its transaction, which
//   is short and begun again later;
//   a call of a person that PostgreSQL picks as the victim of a deadlock is done again,
//   as long as a worker is part of it: what the transaction held before, it holds on.
//
// Persons who wait for each other in a ring are told of it, as ever.

#pragma once

#include <functional>

namespace kg_batch::backend {

// For the present transaction of a worker.
void limit_waits_for_locks();

// Runs `work` in a subtransaction, and again after a deadlock that a worker is part of.
// Whatever `work` writes into must be made anew each time. In a worker: runs it.
void again_after_deadlock(const std::function<void()>& work);

// Whether the transaction may hold rows since before this call: a single call of its own
// transaction takes all in the order of everybody.
bool may_hold_rows();
void note_rows_held();           // a call of a person ended well
void forget_rows_held();         // the transaction ended

}  // namespace kg_batch::backend
