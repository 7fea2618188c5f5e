// winnow algorithms [NAME]
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "client/cli/commands.h"
#include "client/cli/exit_status.h"
#include "client/cli/proto_json.h"
#include "client/cli/suggest.h"
#include "client/cli/table.h"
#include "client/cpp/status_macros.h"

namespace winnow::cli {
namespace {

// "(0, 1]", "> 0", "<= 10"; "" without bounds.
std::string RangeText(const v1::ParameterInfo& parameter) {
  const std::string least =
      parameter.has_minimum() ? absl::StrFormat("%.12g", parameter.minimum()) : std::string();
  const std::string most =
      parameter.has_maximum() ? absl::StrFormat("%.12g", parameter.maximum()) : std::string();
  if (!least.empty() && !most.empty()) {
    return absl::StrCat(parameter.exclusive_minimum() ? "(" : "[", least, ", ", most,
                        parameter.exclusive_maximum() ? ")" : "]");
  }
  if (!least.empty()) return absl::StrCat(parameter.exclusive_minimum() ? "> " : ">= ", least);
  if (!most.empty()) return absl::StrCat(parameter.exclusive_maximum() ? "< " : "<= ", most);
  return absl::StrJoin(parameter.choices(), ", ");
}

std::string OverviewText(const v1::Capabilities& capabilities) {
  Table table;
  table.Column("ALGORITHM").Column("TASKS").Column("WHAT IT DOES");
  for (const v1::SelectorInfo& selector : capabilities.selectors()) {
    if (!selector.built()) continue;
    table.Row({selector.name(), absl::StrJoin(selector.tasks(), ", "), selector.summary()});
  }
  std::vector<std::string> missing;
  for (const v1::SelectorInfo& selector : capabilities.selectors()) {
    if (!selector.built()) missing.push_back(selector.name());
  }
  std::string text = table.Text();
  if (!missing.empty()) {
    absl::StrAppend(&text, "\nNot built in this server: ", absl::StrJoin(missing, ", "), "\n");
  }
  return text;
}

std::string SelectorText(const v1::SelectorInfo& selector) {
  std::string text = absl::StrCat(selector.name(), ": ", selector.summary(), "\n");
  if (!selector.reference().empty()) absl::StrAppend(&text, selector.reference(), "\n");
  absl::StrAppend(&text, "tasks: ", absl::StrJoin(selector.tasks(), ", "), "\n");
  if (!selector.built()) absl::StrAppend(&text, "Not built in this server.\n");
  if (selector.parameters().empty()) return text;
  Table table;
  table.Column("PARAMETER").Column("TYPE").Column("DEFAULT").Column("ALLOWED").Column("MEANING");
  for (const v1::ParameterInfo& parameter : selector.parameters()) {
    table.Row({parameter.name(), parameter.type(),
               parameter.default_value().empty() ? "(chosen)" : parameter.default_value(),
               RangeText(parameter), parameter.doc()});
  }
  return absl::StrCat(text, "\n", table.Text());
}

absl::StatusOr<int> Algorithms(Context& context, const std::string& name) {
  ASSIGN_OR_RETURN(const auto client, context.Connect());
  ASSIGN_OR_RETURN(const v1::Capabilities capabilities, client->GetCapabilities());
  if (name.empty()) {
    context.out << (context.options.json ? JsonText(capabilities) : OverviewText(capabilities));
    return kExitDone;
  }
  std::vector<std::string> known;
  for (const v1::SelectorInfo& selector : capabilities.selectors()) {
    known.push_back(selector.name());
    if (selector.name() != name) continue;
    context.out << (context.options.json ? JsonText(selector) : SelectorText(selector));
    return kExitDone;
  }
  const std::string nearest = NearestWord(name, known);
  return absl::NotFoundError(
      absl::StrCat("no algorithm is called ", name,
                   nearest.empty() ? absl::StrCat("; known: ", absl::StrJoin(known, ", "))
                                   : absl::StrCat("; did you mean ", nearest, "?")));
}

}  // namespace

void AddAlgorithmsCommand(CLI::App& app, Action& action) {
  auto name = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand("algorithms", "what the server can run, with parameters");
  command->add_option("name", *name, "one algorithm, with its parameters");
  command->callback([&action, name] {
    action = [name](Context& context) { return Algorithms(context, *name); };
  });
}

}  // namespace winnow::cli
