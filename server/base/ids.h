// Ids that users may choose and ids that the server makes.
#ifndef WINNOW_SERVER_BASE_IDS_H_
#define WINNOW_SERVER_BASE_IDS_H_

#include <cstdint>
#include <string>

namespace winnow::server {

// ^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$   tenants, datasets, jobs.
bool IsValidId(const std::string& id);
// As above, with '.' and '_' allowed inside.
bool IsValidArtifactId(const std::string& id);
// A UUID in its usual text form, any version, either case.
bool IsValidRequestId(const std::string& id);

// What to say after "must ": "be 1 to 63 characters of a-z, 0-9 and -, …".
extern const char kIdRule[];

// Where fresh ids and secrets come from. THREAD-SAFETY: any thread.
class IdSource {
 public:
  virtual ~IdSource() = default;
  // "j" + 16 characters of RFC 4648 base32 in lower case: 80 random bits.
  virtual std::string NewJobId() = 0;
  // 64 hexadecimal digits: 256 random bits.
  virtual std::string NewSecret() = 0;
};

// From the kernel's generator. OWNERSHIP: a static object.
IdSource* SystemIdSource();

// Compares without telling by its duration where the texts differ.
bool EqualSecrets(const std::string& a, const std::string& b);

}  // namespace winnow::server

#endif  // WINNOW_SERVER_BASE_IDS_H_
