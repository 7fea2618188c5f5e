// winnow: the command line of the service.
#include <iostream>
#include <string>
#include <vector>

#include "client/cli/app.h"

int main(int argc, char** argv) {
  return winnow::cli::RunMain(std::vector<std::string>(argv + 1, argv + argc), std::cout,
                              std::cerr);
}
