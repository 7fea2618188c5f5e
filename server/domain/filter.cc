#include "server/domain/filter.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/base/status.h"
#include "server/domain/dataset.h"
#include "server/domain/error.h"
#include "server/domain/job_state.h"

namespace winnow::domain {
namespace {

constexpr size_t kMaxFilterBytes = 4096;
constexpr size_t kMaxComparisons = 32;
constexpr char kLabelPrefix[] = "labels.";

// One pass over the text; `position_` is where the next token starts.
class FilterParser {
 public:
  FilterParser(const std::string& text, FilterTarget target) : text_(text), target_(target) {}

  absl::StatusOr<Filter> Parse() {
    if (text_.size() > kMaxFilterBytes) {
      return Fail(absl::StrCat("at most ", kMaxFilterBytes, " bytes"));
    }
    Filter filter;
    SkipSpace();
    if (AtEnd()) return filter;
    while (true) {
      ASSIGN_OR_RETURN(Comparison comparison, ParseComparison());
      filter.push_back(std::move(comparison));
      if (filter.size() > kMaxComparisons) {
        return Fail(absl::StrCat("at most ", kMaxComparisons, " comparisons"));
      }
      SkipSpace();
      if (AtEnd()) return filter;
      if (Word() != "AND") return Fail("AND or the end");
    }
  }

 private:
  absl::StatusOr<Comparison> ParseComparison() {
    Comparison comparison;
    RETURN_IF_ERROR(ParseField(&comparison));
    RETURN_IF_ERROR(ParseOp(&comparison));
    RETURN_IF_ERROR(ParseValue(&comparison));
    return comparison;
  }

  absl::Status ParseField(Comparison* comparison) {
    SkipSpace();
    start_ = position_;
    const std::string word = Word();
    const bool is_job = target_ == FilterTarget::kJobs;
    if (word == "state") {
      comparison->field = FilterField::kState;
    } else if (word == "create_time") {
      comparison->field = FilterField::kCreateTime;
    } else if (word.rfind(kLabelPrefix, 0) == 0 && word.size() > sizeof(kLabelPrefix) - 1) {
      comparison->field = FilterField::kLabel;
      comparison->label_key = word.substr(sizeof(kLabelPrefix) - 1);
    } else if (is_job && word == "selector") {
      comparison->field = FilterField::kSelector;
    } else if (is_job && word == "task") {
      comparison->field = FilterField::kTask;
    } else if (is_job && word == "dataset") {
      comparison->field = FilterField::kDataset;
    } else {
      return Fail(is_job ? "state, selector, task, dataset, create_time or labels.KEY"
                         : "state, create_time or labels.KEY");
    }
    return absl::OkStatus();
  }

  absl::Status ParseOp(Comparison* comparison) {
    SkipSpace();
    start_ = position_;
    const bool ordered = comparison->field == FilterField::kCreateTime;
    if (Take("!=")) {
      comparison->op = FilterOp::kNotEqual;
    } else if (Take("=")) {
      comparison->op = FilterOp::kEqual;
    } else if (ordered && Take("<")) {
      comparison->op = FilterOp::kLess;
    } else if (ordered && Take(">")) {
      comparison->op = FilterOp::kGreater;
    } else {
      return Fail(ordered ? "=, !=, < or >" : "= or !=");
    }
    return absl::OkStatus();
  }

  absl::Status ParseValue(Comparison* comparison) {
    SkipSpace();
    start_ = position_;
    if (!AtEnd() && text_[position_] == '"') {
      if (!Quoted(&comparison->value)) return Fail("a closing quote");
    } else {
      comparison->value = Word();
      if (comparison->value.empty()) return Fail("a value");
    }
    if (comparison->field == FilterField::kState) return CanonicalState(comparison);
    if (comparison->field != FilterField::kCreateTime) return absl::OkStatus();
    std::string error;
    if (!absl::ParseTime(absl::RFC3339_full, comparison->value, &comparison->time, &error)) {
      return Fail("a time like 2026-01-31T08:00:00Z");
    }
    return absl::OkStatus();
  }

  absl::Status CanonicalState(Comparison* comparison) {
    if (target_ == FilterTarget::kJobs) {
      const std::optional<JobState> state = ParseJobState(comparison->value);
      if (!state.has_value()) {
        return Fail("PENDING, RUNNING, PAUSED, CANCELLING, SUCCEEDED, FAILED or CANCELLED");
      }
      comparison->value = JobStateName(*state);
      return absl::OkStatus();
    }
    const std::optional<DatasetState> state = ParseDatasetState(comparison->value);
    if (!state.has_value()) return Fail("UPLOADING, IMPORTING, ACTIVE or FAILED");
    comparison->value = DatasetStateName(*state);
    return absl::OkStatus();
  }

  bool AtEnd() const { return position_ >= text_.size(); }

  void SkipSpace() {
    while (!AtEnd() && (text_[position_] == ' ' || text_[position_] == '\t')) ++position_;
    start_ = position_;
  }

  std::string Word() {
    const size_t begin = position_;
    while (!AtEnd() && std::string(" \t\"=!<>()").find(text_[position_]) == std::string::npos) {
      ++position_;
    }
    return text_.substr(begin, position_ - begin);
  }

  bool Take(const std::string& token) {
    if (text_.compare(position_, token.size(), token) != 0) return false;
    position_ += token.size();
    return true;
  }

  // A backslash takes the next character as it is.
  bool Quoted(std::string* value) {
    for (++position_; !AtEnd(); ++position_) {
      if (text_[position_] == '"') {
        ++position_;
        return true;
      }
      if (text_[position_] == '\\' && position_ + 1 < text_.size()) ++position_;
      *value += text_[position_];
    }
    return false;
  }

  absl::Status Fail(const std::string& expected) const {
    constexpr size_t kShown = 40;
    return MakeError(absl::StatusCode::kInvalidArgument, reason::kInvalidFilter,
                     absl::StrCat("filter, at byte ", start_, ": expected ", expected, ", got \"",
                                  text_.substr(std::min(start_, text_.size()), kShown), "\""),
                     "filter");
  }

  const std::string& text_;
  const FilterTarget target_;
  size_t position_ = 0;
  size_t start_ = 0;
};

}  // namespace

absl::StatusOr<Filter> ParseFilter(const std::string& text, FilterTarget target) {
  return FilterParser(text, target).Parse();
}

}  // namespace winnow::domain
