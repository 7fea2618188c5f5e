// The commands, one function each: it declares the command's options below `app`, and sets `action`
// when the command line names it.
#ifndef WINNOW_CLIENT_CLI_COMMANDS_H_
#define WINNOW_CLIENT_CLI_COMMANDS_H_

#include "CLI/CLI.hpp"
#include "client/cli/context.h"

namespace winnow::cli {

void AddDatasetCommand(CLI::App& app, Action& action);  // dataset import, infer, list, show, delete
void AddSubmitCommand(CLI::App& app, Action& action);   // submit
void AddWatchCommand(CLI::App& app, Action& action);    // watch
void AddJobsCommand(CLI::App& app, Action& action);     // jobs
void AddShowCommand(CLI::App& app, Action& action);     // show
void AddControlCommands(CLI::App& app, Action& action);    // cancel, stop, pause, resume, delete
void AddResultCommand(CLI::App& app, Action& action);      // result
void AddReportCommand(CLI::App& app, Action& action);      // report
void AddArtifactCommands(CLI::App& app, Action& action);   // artifacts, download, logs
void AddAlgorithmsCommand(CLI::App& app, Action& action);  // algorithms
void AddRunCommand(CLI::App& app, Action& action);         // run

}  // namespace winnow::cli

#endif  // WINNOW_CLIENT_CLI_COMMANDS_H_
