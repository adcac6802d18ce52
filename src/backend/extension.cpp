#include "backend/bridge.h"
#include "backend/extension.h"

namespace kg_batch::backend {

namespace {

bool read_extension(InstalledExtension* found) {
  const Relation relation = table_open(ExtensionRelationId, AccessShareLock);
  ScanKeyData key;
  ScanKeyInit(&key, Anum_pg_extension_extname, BTEqualStrategyNumber, F_NAMEEQ, CStringGetDatum("kg_batch"));
  const SysScanDesc scan = systable_beginscan(relation, ExtensionNameIndexId, true, nullptr, 1, &key);
  const HeapTuple tuple = systable_getnext(scan);
  const bool there = HeapTupleIsValid(tuple);
  if (there) {
    const Form_pg_extension row = reinterpret_cast<Form_pg_extension>(GETSTRUCT(tuple));
    found->oid = row->oid;
    found->owner = row->extowner;
    bool null;
    const Datum version = heap_getattr(tuple, Anum_pg_extension_extversion, RelationGetDescr(relation), &null);
    if (!null) strlcpy(found->version, TextDatumGetCString(version), sizeof found->version);
  }
  systable_endscan(scan);
  table_close(relation, AccessShareLock);
  return there;
}

}  // namespace

std::optional<InstalledExtension> installed_extension() {
  InstalledExtension found;
  if (!backend_call([&] { return read_extension(&found); })) return std::nullopt;
  return found;
}

std::optional<InstalledExtension> lock_extension() {
  InstalledExtension found;
  const bool there = backend_call([&] {
    if (!read_extension(&found)) return false;
    LockDatabaseObject(ExtensionRelationId, found.oid, 0, AccessShareLock);
    // Whoever held it may have dropped or updated it: look again.
    const Oid locked = found.oid;
    return read_extension(&found) && found.oid == locked;
  });
  if (!there) return std::nullopt;
  return found;
}

AsOwner::AsOwner(bool any_version) {
  // Before any table: whoever drops the extension has locked it first, too.
  const auto extension = lock_extension();
  if (!extension)
    throw Error(ERRCODE_UNDEFINED_OBJECT, "extension \"kg_batch\" is not installed in this database", "",
                "Run CREATE EXTENSION kg_batch.");
  if (!any_version && std::strcmp(extension->version, library_version) != 0)
    throw Error(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, "library and schema versions of kg_batch differ",
                std::string("The library is ") + library_version + ", the schema " + extension->version + ".",
                "Run ALTER EXTENSION kg_batch UPDATE; reconnect if the library is the older one.");
  const Oid owner = extension->owner;
  backend_call([&] {
    Oid user;
    int security_context;
    GetUserIdAndSecContext(&user, &security_context);
    user_ = user;
    security_context_ = security_context;
    guc_level_ = NewGUCNestLevel();
    SetUserIdAndSecContext(owner, security_context | SECURITY_LOCAL_USERID_CHANGE);
    (void)set_config_option("search_path", "pg_catalog, pg_temp", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
  });
}

void AsOwner::leave() {
  backend_call([&] {
    AtEOXact_GUC(true, guc_level_);
    SetUserIdAndSecContext(user_, security_context_);
  });
}

}  // namespace kg_batch::backend
