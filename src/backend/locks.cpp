#include "backend/bridge.h"
#include "backend/locks.h"

namespace kg_batch::backend {

namespace {

LOCKTAG tag_of(LockClass lock, std::int64_t id) {
  LOCKTAG tag;
  SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, static_cast<uint32>(id >> 32), static_cast<uint32>(id), static_cast<uint16>(lock));
  return tag;
}

bool acquire(LockClass lock, std::int64_t id, LOCKMODE mode, LockSpan span, bool wait) {
  LOCKTAG tag = tag_of(lock, id);
  return backend_call([&] { return LockAcquire(&tag, mode, span == LockSpan::session, !wait); }) != LOCKACQUIRE_NOT_AVAIL;
}

}  // namespace

void lock_exclusive(LockClass lock, std::int64_t id, LockSpan span) { acquire(lock, id, ExclusiveLock, span, true); }
void lock_shared(LockClass lock, std::int64_t id, LockSpan span) { acquire(lock, id, ShareLock, span, true); }
bool try_lock_exclusive(LockClass lock, std::int64_t id, LockSpan span) {
  return acquire(lock, id, ExclusiveLock, span, false);
}
void unlock_exclusive(LockClass lock, std::int64_t id) {
  LOCKTAG tag = tag_of(lock, id);
  backend_call([&] { LockRelease(&tag, ExclusiveLock, true); });
}

}  // namespace kg_batch::backend
