// Every reason string of the service: ErrorInfo.reason in errors, Job.error.reason in results, and
// the `reason` of state changes. They are API: never renamed, only added.
#ifndef WINNOW_SERVER_DOMAIN_REASONS_H_
#define WINNOW_SERVER_DOMAIN_REASONS_H_

namespace winnow::domain::reason {

// INVALID_ARGUMENT: the request is wrong whatever the state.
inline constexpr char kInvalidFields[] = "INVALID_FIELDS";  // all violations listed
inline constexpr char kInvalidName[] = "INVALID_NAME";      // malformed resource name or id
inline constexpr char kInvalidFilter[] = "INVALID_FILTER";
inline constexpr char kInvalidPageToken[] = "INVALID_PAGE_TOKEN";
inline constexpr char kUnknownAlgorithm[] = "UNKNOWN_ALGORITHM";  // metadata: known
inline constexpr char kRequestIdReused[] = "REQUEST_ID_REUSED";   // same id, another body
inline constexpr char kChecksumMismatch[] = "CHECKSUM_MISMATCH";  // do not retry
inline constexpr char kPathNotAllowed[] = "PATH_NOT_ALLOWED";     // a local file outside the roots
inline constexpr char kBadData[] = "BAD_DATA";                    // the file cannot be imported

// NOT_FOUND, ALREADY_EXISTS.
inline constexpr char kJobNotFound[] = "JOB_NOT_FOUND";
inline constexpr char kDatasetNotFound[] = "DATASET_NOT_FOUND";
inline constexpr char kArtifactNotFound[] = "ARTIFACT_NOT_FOUND";
inline constexpr char kJobExists[] = "JOB_EXISTS";
inline constexpr char kDatasetExists[] = "DATASET_EXISTS";

// FAILED_PRECONDITION: right request, wrong moment.
inline constexpr char kDatasetNotReady[] = "DATASET_NOT_READY";
inline constexpr char kDatasetInUse[] = "DATASET_IN_USE";
inline constexpr char kDatasetGone[] = "DATASET_GONE";
inline constexpr char kDatasetTooSmall[] = "DATASET_TOO_SMALL";
inline constexpr char kJobNotRunning[] = "JOB_NOT_RUNNING";    // stop, pause
inline constexpr char kJobNotPaused[] = "JOB_NOT_PAUSED";      // resume
inline constexpr char kJobNotTerminal[] = "JOB_NOT_TERMINAL";  // delete
inline constexpr char kJobInUse[] = "JOB_IN_USE";              // delete: a job starts from it
inline constexpr char kParentNotReady[] = "PARENT_NOT_READY";  // not SUCCEEDED, or without models
inline constexpr char kParentGone[] = "PARENT_GONE";           // its files are
inline constexpr char kUploadNotOpen[] = "UPLOAD_NOT_OPEN";
inline constexpr char kUploadIncomplete[] = "UPLOAD_INCOMPLETE";

// OUT_OF_RANGE.
inline constexpr char kEventsCompacted[] = "EVENTS_COMPACTED";  // metadata: oldestSequence
inline constexpr char kSequenceAhead[] = "SEQUENCE_AHEAD";      // metadata: lastSequence
inline constexpr char kWrongOffset[] = "WRONG_OFFSET";          // metadata: committedSizeBytes

// ABORTED.
inline constexpr char kEtagMismatch[] = "ETAG_MISMATCH";
inline constexpr char kStaleAttempt[] = "STALE_ATTEMPT";  // a fenced worker's write
inline constexpr char kChunkCorrupt[] = "CHUNK_CORRUPT";
inline constexpr char kUploadBusy[] = "UPLOAD_BUSY";  // a second writer

// RESOURCE_EXHAUSTED.
inline constexpr char kTenantQueueFull[] = "TENANT_QUEUE_FULL";
inline constexpr char kServerQueueFull[] = "SERVER_QUEUE_FULL";
inline constexpr char kStorageQuota[] = "STORAGE_QUOTA";
inline constexpr char kUploadQuota[] = "UPLOAD_QUOTA";
inline constexpr char kWatchers[] = "WATCHERS";
inline constexpr char kRequestRate[] = "REQUEST_RATE";
inline constexpr char kDiskLow[] = "DISK_LOW";
inline constexpr char kMemoryLow[] = "MEMORY_LOW";               // estimate above what is free now
inline constexpr char kTooManyThreads[] = "TOO_MANY_THREADS";    // more than there are slots
inline constexpr char kNotEnoughMemory[] = "NOT_ENOUGH_MEMORY";  // estimate above the machine

// UNAVAILABLE.
inline constexpr char kStarting[] = "STARTING";
inline constexpr char kDraining[] = "DRAINING";
inline constexpr char kStoreBusy[] = "STORE_BUSY";
inline constexpr char kWatcherTooSlow[] = "WATCHER_TOO_SLOW";

// UNAUTHENTICATED, PERMISSION_DENIED.
inline constexpr char kTokenMissing[] = "TOKEN_MISSING";
inline constexpr char kTokenInvalid[] = "TOKEN_INVALID";
inline constexpr char kTokenExpired[] = "TOKEN_EXPIRED";
inline constexpr char kTenantMismatch[] = "TENANT_MISMATCH";
inline constexpr char kRoleMissing[] = "ROLE_MISSING";
inline constexpr char kBadSecret[] = "BAD_SECRET";  // a worker that is not ours

// UNIMPLEMENTED, INTERNAL, DATA_LOSS.
inline constexpr char kNotBuilt[] = "NOT_BUILT";
inline constexpr char kInternal[] = "INTERNAL";
inline constexpr char kDataCorrupt[] = "DATA_CORRUPT";

// Why a job or an import ended: Job.error.reason, Dataset.error.reason.
inline constexpr char kCrashLoop[] = "CRASH_LOOP";
inline constexpr char kWorkerOutOfMemory[] = "WORKER_OUT_OF_MEMORY";
inline constexpr char kWallClockExceeded[] = "WALL_CLOCK_EXCEEDED";
inline constexpr char kEventMismatch[] = "EVENT_MISMATCH";  // a resumed attempt told another story
inline constexpr char kNumericFault[] = "NUMERIC_FAULT";
inline constexpr char kCancelled[] = "CANCELLED";

// Why a state changed, where no error is meant.
inline constexpr char kCrash[] = "CRASH";
inline constexpr char kDrain[] = "DRAIN";
inline constexpr char kUserRequest[] = "USER_REQUEST";

}  // namespace winnow::domain::reason

#endif  // WINNOW_SERVER_DOMAIN_REASONS_H_
