#include "server/ops/settings.h"

#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "server/base/endpoint.h"
#include "server/base/paths.h"
#include "server/base/status.h"
#include "server/ops/whole_number.h"

namespace winnow::ops_http {
namespace {

using Texts = std::vector<std::string>;
using Apply = std::function<absl::Status(const Texts&, Settings*)>;

constexpr int64_t kMaxSlots = 4096;

absl::Status Expected(const std::string& what, const std::string& got) {
  return absl::InvalidArgumentError(absl::StrCat("expected ", what, ", got \"", got, "\""));
}

Apply Text(std::string Settings::*member) {
  return [member](const Texts& texts, Settings* settings) {
    settings->*member = texts.front();
    return absl::OkStatus();
  };
}

Apply Flag(bool Settings::*member) {
  return [member](const Texts& texts, Settings* settings) {
    const std::string& text = texts.front();
    if (text != "true" && text != "false") return Expected("true or false", text);
    settings->*member = text == "true";
    return absl::OkStatus();
  };
}

template <typename Number>
Apply Integer(Number Settings::*member, int64_t least, int64_t most) {
  return [member, least, most](const Texts& texts, Settings* settings) {
    ASSIGN_OR_RETURN(const int64_t value, ParseWholeNumber(texts.front(), least, most));
    settings->*member = static_cast<Number>(value);
    return absl::OkStatus();
  };
}

Apply TenantLimit(const char* name) {
  return [name](const Texts& texts, Settings* settings) {
    return SetTenantLimit(name, texts.front(), &settings->tenant);
  };
}

absl::Status SetHttp(const Texts& texts, Settings* settings) {
  settings->http = texts.front() == "off" ? "" : texts.front();
  settings->http_is_set = true;
  return absl::OkStatus();
}

absl::Status SetRoots(const Texts& texts, Settings* settings) {
  settings->allow_roots = texts;
  return absl::OkStatus();
}

absl::Status SetTenantLimits(const Texts& texts, Settings* settings) {
  settings->tenant_limits = texts;
  return absl::OkStatus();
}

std::string HomeFolder() {
  const char* home = std::getenv("HOME");
  if (home != nullptr && *home != '\0') return home;
  const passwd* user = ::getpwuid(::getuid());
  return user == nullptr ? "" : user->pw_dir;
}

// Both or none; and a CA of clients is of use only where there is TLS.
absl::Status CheckTls(const Settings& settings) {
  if (settings.tls_cert.empty() != settings.tls_key.empty()) {
    return absl::InvalidArgumentError("tls_cert and tls_key belong together; one is missing");
  }
  if (settings.tls_client_ca.empty() || !settings.tls_cert.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError("tls_client_ca needs tls_cert and tls_key");
}

// Without TLS and an authenticator, whoever reaches the port owns the service.
absl::Status CheckReach(const std::string& name, const std::string& address,
                        const Settings& settings) {
  ASSIGN_OR_RETURN(const server::Endpoint endpoint, server::ParseEndpoint(address));
  if (name == "http" && endpoint.is_unix()) return Expected("HOST:PORT or off", address);
  ASSIGN_OR_RETURN(const bool local, server::IsLocalOnly(endpoint));
  if (local || settings.insecure) return absl::OkStatus();
  if (name == "http") {
    return absl::InvalidArgumentError(
        absl::StrCat(address,
                     " can be reached from other machines, and HTTP has neither encryption nor "
                     "authentication; listen on 127.0.0.1, or give --insecure"));
  }
  if (!settings.tls_cert.empty() && !settings.credentials.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      address, " can be reached from other machines, and ",
      settings.tls_cert.empty() ? "the connection is not encrypted (--tls_cert, --tls_key)" : "",
      settings.tls_cert.empty() && settings.credentials.empty() ? " and " : "",
      settings.credentials.empty() ? "everybody is let in (--credentials)" : "",
      "; set them, listen on 127.0.0.1 or a Unix socket, or give --insecure"));
}

// Whoever may name files below an allowed folder must not reach the server's own.
absl::Status CheckRoots(const Settings& settings) {
  Texts problems;
  for (const std::string& root : settings.allow_roots) {
    std::error_code error;
    const std::filesystem::path folder = std::filesystem::weakly_canonical(root, error);
    if (error || root.empty()) {
      problems.push_back(absl::StrCat(root, ": expected a folder"));
      continue;
    }
    const auto check = [&](const char* name, const std::string& own, const char* why) {
      if (own.empty()) return;
      const std::filesystem::path path = std::filesystem::weakly_canonical(own, error);
      const bool is_below = error || server::IsAtOrBelow(path, folder);
      const bool is_above = !error && server::IsAtOrBelow(folder, path);
      if (!is_below && !is_above) return;
      problems.push_back(absl::StrCat(root, ": ", name, " ", own,
                                      is_below ? " lies below it" : " contains it", why));
    };
    check("data_dir", settings.data_dir, ", and with it the files of all tenants");
    check("credentials", settings.credentials, "");
    check("tls_key", settings.tls_key, "");
  }
  if (problems.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrJoin(problems, "\n"));
}

std::string OriginOf(const SettingValues& values, const std::string& name) {
  const auto found = values.find(name);
  return found == values.end() ? absl::StrCat("default of ", name) : found->second.origin;
}

}  // namespace

const std::vector<Setting>& AllSettings() {
  static const auto* const settings = new std::vector<Setting>{
      {"listen", SettingType::kText,
       "Where gRPC is served: HOST:PORT or unix:PATH (default 127.0.0.1:7070)",
       Text(&Settings::listen)},
      {"http", SettingType::kText,
       "Where /metrics, /healthz and /readyz are served: HOST:PORT or off (default 127.0.0.1:7071, "
       "off when --listen is a Unix socket)",
       SetHttp},
      {"data_dir", SettingType::kText,
       "Folder of everything the server keeps (default ~/.local/share/winnow)",
       Text(&Settings::data_dir)},
      {"insecure", SettingType::kFlag,
       "Allow addresses that other machines can reach, without encryption and authentication",
       Flag(&Settings::insecure)},
      {"tls_cert", SettingType::kText,
       "PEM file of the server's certificate chain; with tls_key: TLS. Replaced files serve new "
       "connections within 10 s",
       Text(&Settings::tls_cert)},
      {"tls_key", SettingType::kText, "PEM file of the key of tls_cert, not encrypted",
       Text(&Settings::tls_key)},
      {"tls_client_ca", SettingType::kText,
       "PEM file of the authority whose certificates clients must have (mutual TLS; default: none "
       "asked for)",
       Text(&Settings::tls_client_ca)},
      {"credentials", SettingType::kText,
       "File of tokens and client certificates that are let in, with tenant and role; read again "
       "when it changes and at SIGHUP (default: everybody is let in, as tenant default)",
       Text(&Settings::credentials)},
      {"worker_slots", SettingType::kNumber,
       "Threads that jobs may use in all (default: one per processor)",
       Integer(&Settings::worker_slots, 1, kMaxSlots)},
      {"allow_root", SettingType::kList,
       "Folder below which datasets may name local files; may be repeated (default: none)",
       SetRoots},
      {"worker", SettingType::kText,
       "The program that runs jobs (default: winnow-worker beside winnowd)",
       Text(&Settings::worker)},
      {"log_level", SettingType::kText, "debug, info, warning or error (default info)",
       Text(&Settings::log_level)},
      {"log_format", SettingType::kText, "text or json (default text)",
       Text(&Settings::log_format)},
      {"job_memory_limit_bytes", SettingType::kNumber,
       "Heap of a job's worker where the job names none; 0: no limit (default 0)",
       Integer(&Settings::job_memory_limit_bytes, 0, kMaxBytes)},
      {"import_memory_limit_bytes", SettingType::kNumber,
       "Heap of a worker that imports (default 1468006400)",
       Integer(&Settings::import_memory_limit_bytes, int64_t{64} << 20, kMaxBytes)},
      {"disk_floor_bytes", SettingType::kNumber,
       "Free space below which nothing new is taken (default 268435456)",
       Integer(&Settings::disk_floor_bytes, 0, kMaxBytes)},
      {"job_retention_hours", SettingType::kNumber,
       "Jobs are deleted with their files so long after they ended; 0: never (default 0)",
       Integer(&Settings::job_retention_hours, 0, kMaxCount)},
      {"max_queued_jobs", SettingType::kNumber, "Jobs that may wait in all (default 20000)",
       Integer(&Settings::max_queued_jobs, 1, kMaxCount)},
      {"max_watchers", SettingType::kNumber, "Open WatchJob streams in all (default 1024)",
       Integer(&Settings::max_watchers, 1, kMaxCount)},
      {"max_watchers_per_job", SettingType::kNumber, "Open WatchJob streams of a job (default 16)",
       Integer(&Settings::max_watchers_per_job, 1, kMaxCount)},
      {"tenant_queued_jobs", SettingType::kNumber, "Jobs of a tenant that may wait (default 1000)",
       TenantLimit("queued_jobs")},
      {"tenant_running_jobs", SettingType::kNumber,
       "Jobs of a tenant that may run at once; 0: no limit (default 0)",
       TenantLimit("running_jobs")},
      {"tenant_stored_bytes", SettingType::kNumber,
       "Bytes of datasets that a tenant may keep; 0: no limit (default 0)",
       TenantLimit("stored_bytes")},
      {"tenant_open_uploads", SettingType::kNumber,
       "Datasets of a tenant that may be under way (default 16)", TenantLimit("open_uploads")},
      {"tenant_watchers", SettingType::kNumber, "Open WatchJob streams of a tenant (default 256)",
       TenantLimit("watchers")},
      {"tenant_requests_per_s", SettingType::kNumber,
       "Calls a second that a tenant may make; 0: no limit (default 0)",
       TenantLimit("requests_per_s")},
      {"tenant_limits", SettingType::kTree,
       "Limits that single tenants have instead of the above, by their names without tenant_: "
       "TENANT.LIMIT=NUMBER, such as ads.queued_jobs=50; may be repeated (default: none)",
       SetTenantLimits},
  };
  return *settings;
}

const Setting* FindSetting(const std::string& name) {
  for (const Setting& setting : AllSettings()) {
    if (name == setting.name) return &setting;
  }
  return nullptr;
}

absl::StatusOr<Settings> DefaultSettings() {
  Settings settings;
  settings.data_dir = HomeFolder() + "/.local/share/winnow";
  settings.worker_slots = static_cast<int32_t>(std::max(1u, std::thread::hardware_concurrency()));
  std::error_code error;
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) return absl::InternalError("cannot find the own program: " + error.message());
  settings.worker = (self.parent_path() / "winnow-worker").string();
  return settings;
}

absl::StatusOr<Settings> MakeSettings(const SettingValues& values) {
  ASSIGN_OR_RETURN(Settings settings, DefaultSettings());
  Texts problems;
  const auto note = [&problems](const std::string& origin, const absl::Status& status) {
    if (status.ok()) return;
    for (const std::string& line : Texts(absl::StrSplit(std::string(status.message()), '\n'))) {
      problems.push_back(absl::StrCat(origin, ": ", line));
    }
  };
  for (const auto& [name, value] : values) {
    note(value.origin, FindSetting(name)->apply(value.texts, &settings));
  }
  server::LogOptions log;
  note(OriginOf(values, "log_level"), server::ParseLogOptions(settings.log_level, "text", &log));
  note(OriginOf(values, "log_format"), server::ParseLogOptions("info", settings.log_format, &log));
  note(OriginOf(values, settings.tls_cert.empty() ? "tls_key" : "tls_cert"), CheckTls(settings));
  note(OriginOf(values, "listen"), CheckReach("listen", settings.listen, settings));
  const bool is_private = settings.listen.rfind("unix:", 0) == 0;
  if (!settings.http_is_set && !is_private) settings.http = "127.0.0.1:7071";
  if (!settings.http.empty()) {
    note(OriginOf(values, "http"), CheckReach("http", settings.http, settings));
  }
  std::error_code error;
  const std::filesystem::path data_dir = std::filesystem::absolute(settings.data_dir, error);
  if (error || settings.data_dir.empty()) {
    note(OriginOf(values, "data_dir"), Expected("a folder", settings.data_dir));
  }
  settings.data_dir = data_dir.lexically_normal().string();
  if (settings.data_dir.size() > 1 && settings.data_dir.back() == '/') settings.data_dir.pop_back();
  note(OriginOf(values, "allow_root"), CheckRoots(settings));
  absl::StatusOr<std::map<std::string, TenantLimits>> tenants =
      OwnLimits(settings.tenant, settings.tenant_limits);
  note(OriginOf(values, "tenant_limits"), tenants.status());
  if (!problems.empty()) return absl::InvalidArgumentError(absl::StrJoin(problems, "\n"));
  settings.tenants = *std::move(tenants);
  return settings;
}

}  // namespace winnow::ops_http
