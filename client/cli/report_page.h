// A result as one HTML page that needs nothing besides itself: no scripts, no other files.
#ifndef WINNOW_CLIENT_CLI_REPORT_PAGE_H_
#define WINNOW_CLIENT_CLI_REPORT_PAGE_H_

#include <string>

#include "client/cli/result_text.h"

namespace winnow::cli {

// Title, the selection beside its controls, picks in order, quality against size, dimensions or
// layers where the task has them, what was spent, the settings. Parts that the result does not have
// are left out. Every text of the result is escaped.
std::string ReportPage(const ResultJson& result);

// & < > " ' as entities.
std::string EscapeHtml(const std::string& text);

}  // namespace winnow::cli

#endif  // WINNOW_CLIENT_CLI_REPORT_PAGE_H_
