// What an operator can set, by flag or in a YAML file: one table for both, so that every key of the
// file is a flag.
#ifndef WINNOW_SERVER_OPS_SETTINGS_H_
#define WINNOW_SERVER_OPS_SETTINGS_H_

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/base/log.h"
#include "server/ops/tenant_limits.h"

namespace winnow::ops_http {

struct Settings {
  std::string listen = "127.0.0.1:7070";
  // Empty: off. Unset (the default): 127.0.0.1:7071 beside a TCP listener, off beside a Unix
  // socket, which is how private servers run.
  std::string http;
  bool http_is_set = false;
  std::string data_dir;  // default: ~/.local/share/winnow
  bool insecure = false;
  std::string tls_cert;  // with tls_key: TLS
  std::string tls_key;
  std::string tls_client_ca;  // clients must have a certificate of it
  std::string credentials;    // who is let in; empty: everybody, as one tenant
  int32_t worker_slots = 1;   // default: one per processor
  std::vector<std::string> allow_roots;
  std::string worker;  // default: winnow-worker beside this program
  std::string log_level = "info";
  std::string log_format = "text";
  int64_t job_memory_limit_bytes = 0;  // of jobs that name none; 0 = none
  int64_t import_memory_limit_bytes = int64_t{1400} << 20;
  int64_t disk_floor_bytes = int64_t{256} << 20;
  int64_t job_retention_hours = 0;  // 0: for good
  int64_t max_queued_jobs = 20000;
  int32_t max_watchers = 1024;
  int32_t max_watchers_per_job = 16;
  TenantLimits tenant;                          // of tenants without own ones
  std::vector<std::string> tenant_limits;       // "TENANT.LIMIT=NUMBER"
  std::map<std::string, TenantLimits> tenants;  // of both: whole, for those that have own ones
};

// Where a value came from and what it is: "--listen" or "winnow.yaml:3: listen".
struct SettingValue {
  std::string origin;
  std::vector<std::string> texts;  // more than one for a list or tree
};
// By name of the setting.
using SettingValues = std::map<std::string, SettingValue>;

// kTree: in the file KEY: {OUTER: {INNER: VALUE}}, as a flag OUTER.INNER=VALUE, again and again.
enum class SettingType { kText, kNumber, kFlag, kList, kTree };

struct Setting {
  const char* name;
  SettingType type;
  const char* doc;  // with unit and default
  std::function<absl::Status(const std::vector<std::string>&, Settings*)> apply;
};

// In the order of --help.
const std::vector<Setting>& AllSettings();
const Setting* FindSetting(const std::string& name);

// Defaults of this machine and process.
absl::StatusOr<Settings> DefaultSettings();
// Applies `values`, then checks the whole. INVALID_ARGUMENT: one line per problem, each with its
// origin.
absl::StatusOr<Settings> MakeSettings(const SettingValues& values);

}  // namespace winnow::ops_http

#endif  // WINNOW_SERVER_OPS_SETTINGS_H_
