// How work finds its coordinator, and how none is ever lost.
//
// Every transaction that makes work holds lock E shared until its end. The
// coordinator leaves only while it holds E exclusively, after a fresh look at
// the tables; so it never leaves between a look and a commit. The coordinator is
// asked for while the caller's function runs, never at commit: an error in a
// commit callback is a PANIC. At commit its latch is set, and nothing else.
//
// Without launcher whoever makes work registers it, and many at once register
// one: each looks, with a lock of its own around look and registration, whether
// one is there or registered already. What was registered is trusted by those
// who hold E shared; so a coordinator that leaves takes itself out of shared
// memory while it holds E exclusively, wherever it is in its life.

#pragma once

#include <string>

namespace kg_batch::backend {

// For every SQL function that makes work, before it writes. Returns a warning
// for the user when no worker can be started ("" when all is well).
std::string announce_work();

// The same for a trigger, that nobody called and who writes must not wait for it or be
// bothered: false when no coordinator lives, who then has to be asked for.
bool note_work();
// Asks for one, without waiting for a slot.
void ask_for_coordinator();

// For what changes what workers have to do and makes no work (a cancelled job, a stop): a
// coordinator that lives looks again once this transaction has ended, however long it
// meant to sleep.
void wake_at_commit();

void register_wake_callbacks();  // from _PG_init

// What is prepared wakes nobody when it is committed: who sleeps has to look by himself.
bool transactions_may_be_prepared();

// ---- used by launcher and announce_work ----
// Registers the coordinator of a database as a dynamic worker, unless one is
// there or comes. `supervised`: the launcher restarts it; otherwise the
// postmaster does, after 5 s. `handle` is filled for the launcher (may be null).
enum class Registered { now, before, no_slot, too_many_databases };
Registered register_coordinator(unsigned int database, unsigned int tablespace, bool supervised, void** handle);

// ---- used by the coordinator ----
// What it was registered with: the tablespace of its database. First thing in its
// life: from here on its registration follows it, until it exits with code 0.
unsigned int take_registration(unsigned int database);
void keep_registration();
// It is going to exit with code 0. E is held exclusively: nobody trusts in it.
void give_up_registration();

// ---- used by the coordinator for its children ----
// A child of the coordinator, never restarted by the postmaster.
bool register_child(const char* function, const char* type, const std::string& name, unsigned int database, void** handle);
// Handles of the above: whether the worker still runs or is starting.
bool is_running(void* handle);

}  // namespace kg_batch::backend
