#include "controlplane/mosd/plan_text.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"

namespace mosd::controlplane {
namespace {

using Kind = PlanLimit::Kind;

constexpr uint64_t kMiB = uint64_t{1} << 20;

// A number at the same place in every line, then what it is about.
void Line(const std::string& name, const std::string& number,
          const std::string& about, std::string* text) {
  absl::StrAppendFormat(text, "  %-20s %10s", name, number);
  if (!about.empty()) absl::StrAppend(text, "   ", about);
  *text += '\n';
}

std::string From(const PlanPart& part) {
  if (part.count == 0) return part.of;
  const std::string product =
      absl::StrCat(CountText(part.count),
                   part.each == 0 ? " of several sizes"
                                  : absl::StrCat(" x ", BytesText(part.each)));
  return part.of.empty() ? product : absl::StrCat(product, ", ", part.of);
}

void AppendGroups(const std::vector<PlanGroup>& groups, std::string* text) {
  for (const PlanGroup& group : groups) {
    absl::StrAppend(
        text, group.keys.empty() ? "fixed" : absl::StrJoin(group.keys, "  "),
        "\n");
    for (const PlanPart& part : group.parts) {
      Line(part.name, BytesText(part.most), From(part), text);
    }
  }
}

void AppendSums(const Plan& plan, std::string* text) {
  absl::StrAppend(text, "in all\n");
  Line("full", BytesText(plan.full), "when traffic has filled all of it", text);
  Line("  of ended flows", BytesText(plan.ended_flows),
       "in the same records and index", text);
  if (plan.full_clients != 0) {
    Line("with clients", BytesText(plan.full + plan.full_clients),
         "at worst: none reads what it asked for", text);
  }
  Line("address space", BytesText(plan.address_space),
       "mapped at once, backed when touched", text);
}

void AppendLastFrames(const Plan& plan, std::string* text) {
  if (plan.last_frames.empty()) {
    absl::StrAppend(text,
                    "\nLast frames are not kept "
                    "(dataplane.last_frame.enabled=false).\n");
    return;
  }
  absl::StrAppend(text, "\nLast frames: flows that keep both sides' in ",
                  BytesText(plan.last_frame_memory),
                  ", and the memory that all\n", CountText(plan.flows),
                  " flows take, live and ended\n");
  for (const dataplane::LastFrameRoom& room : plan.last_frames) {
    Line(absl::StrCat(CountText(room.frame_bytes), " B in ",
                      CountText(room.buffer_bytes)),
         CountText(room.flows), BytesText(room.bytes_for_all), text);
  }
  const uint64_t all = plan.last_frames.back().bytes_for_all;
  absl::StrAppend(text,
                  "To keep all of each up to snaplen: --set "
                  "dataplane.last_frame.memory=",
                  (all + kMiB - 1) / kMiB, "MiB\n");
}

void AppendHugepages(const Plan& plan, std::string* text) {
  absl::StrAppend(
      text, "\nHuge pages for the packet buffers: ", CountText(plan.pages_2mib),
      " of 2 MiB, or ", CountText(plan.pages_1gib), " of 1 GiB\n");
  if (plan.hugepages == mos::v1::HUGEPAGE_MODE_OFF) {
    absl::StrAppend(text, "  not used: dataplane.memory.hugepages=off\n");
    return;
  }
  if (plan.in_hugepages) {
    absl::StrAppend(text, "  enough are free, and they will be used\n");
    return;
  }
  absl::StrAppend(
      text,
      plan.hugepages == mos::v1::HUGEPAGE_MODE_ON
          ? "  too few are free, and dataplane.memory.hugepages=on\n"
          : "  too few are free; mosd runs on usual pages then\n",
      "  reserve: MOSD_HUGEPAGES=", plan.pages_2mib,
      " in /etc/default/mosd-hugepages, then\n"
      "  systemctl restart mosd-hugepages; or at once: sysctl "
      "vm.nr_hugepages=",
      plan.pages_2mib, "\n");
}

void AppendMachine(const Machine& machine, std::string* text) {
  absl::StrAppend(text, "\nThis machine\n");
  const auto line = [&](const char* name, std::optional<uint64_t> bytes,
                        const char* none, const std::string& about) {
    Line(name, bytes ? BytesText(*bytes) : none, about, text);
  };
  line("memory", machine.memory, "unknown", "");
  line("available", machine.available, "unknown", "");
  line("control group", machine.group_limit, "no limit", "");
  line("locked memory", machine.lock_limit, "no limit", "");
  for (const dataplane::HugepagePool& pool : machine.hugepages) {
    if (pool.pages == 0) continue;
    Line(absl::StrCat("pages of ", BytesText(pool.page_bytes)),
         CountText(pool.pages),
         absl::StrCat(CountText(pool.free_bytes / pool.page_bytes), " free"),
         text);
  }
  Line("transparent ones",
       machine.transparent_hugepages.empty() ? "unknown"
                                             : machine.transparent_hugepages,
       machine.transparent_hugepages == "never"
           ? "flows and frames on pages of 4 KiB: slower"
           : "huge pages, for flows and frames",
       text);
}

std::string NameOf(Kind kind) {
  switch (kind) {
    case Kind::kMemory:
      return "available";
    case Kind::kControlGroup:
      return "allowed by the control group";
    case Kind::kHugepages:
      return "free in huge pages";
    case Kind::kLockedMemory:
      return "allowed to be locked";
  }
  return "";
}

// "lower KEY (1.0 GiB) or KEY (201.5 MiB)"
std::string LowerText(const PlanLimit& limit) {
  std::vector<std::string> keys;
  for (const auto& [key, bytes] : limit.lower) {
    keys.push_back(absl::StrCat("    ", key, " (", BytesText(bytes), ")\n"));
  }
  return absl::StrCat("  lower:\n", absl::StrJoin(keys, ""));
}

void AppendVerdict(const Plan& plan, std::string* text) {
  *text += '\n';
  for (const PlanLimit& limit : plan.limits) {
    if (limit.kept()) continue;
    absl::StrAppend(text, "It does not fit: ", BytesText(limit.needed),
                    " needed, ", BytesText(limit.there), " ",
                    NameOf(limit.kind), "\n");
    if (limit.kind == Kind::kLockedMemory) {
      absl::StrAppend(text,
                      "  give CAP_IPC_LOCK, raise RLIMIT_MEMLOCK (ulimit -l), "
                      "or lower framecnt=\n");
    } else {
      absl::StrAppend(text, LowerText(limit));
    }
  }
  if (!plan.fits()) return;
  if (plan.limits.empty()) {
    absl::StrAppend(text, "Whether it fits is not known.\n");
    return;
  }
  const PlanLimit& limit = plan.limits.front();
  absl::StrAppend(text, "It fits: ", BytesText(limit.needed), " needed, ",
                  BytesText(limit.there), " ", NameOf(limit.kind), ".\n");
  if (!plan.clients_limit) return;
  absl::StrAppend(text, "With clients at worst it does not: ",
                  BytesText(plan.clients_limit->needed), ", and ",
                  BytesText(plan.clients_limit->there), " ",
                  NameOf(plan.clients_limit->kind), "\n",
                  LowerText(*plan.clients_limit));
}

}  // namespace

std::string BytesText(uint64_t bytes) {
  if (bytes < 1024) return absl::StrCat(bytes, " B");
  const char* const kUnits[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  auto value = static_cast<double>(bytes) / 1024;
  size_t unit = 0;
  // What would be rounded to 1024.0 is 1.0 of the next.
  for (; value >= 1023.95; ++unit) value /= 1024;
  return absl::StrFormat("%.1f %s", value, kUnits[unit]);
}

std::string CountText(uint64_t count) {
  std::string text = absl::StrCat(count);
  for (size_t i = text.size(); i > 3; i -= 3) text.insert(i - 3, 1, ',');
  return text;
}

std::string PlanText(const Plan& plan) {
  std::string text =
      "What this configuration takes of memory, at most; tables in steps of 2 "
      "MiB"
      "\n\n";
  AppendGroups(plan.groups, &text);
  if (!plan.client_groups.empty()) {
    absl::StrAppend(&text, "\nand clients, at worst\n\n");
    AppendGroups(plan.client_groups, &text);
  }
  text += '\n';
  AppendSums(plan, &text);
  AppendLastFrames(plan, &text);
  AppendHugepages(plan, &text);
  AppendMachine(plan.machine, &text);
  AppendVerdict(plan, &text);
  return text;
}

}  // namespace mosd::controlplane
