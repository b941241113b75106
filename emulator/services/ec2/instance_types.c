/* What EC2 says of its instance types: the rows of fixtures/ec2/instance-types.tsv. */
#include <stdlib.h>

#include "emulator/services/ec2/compute.h"

enum column {
    TYPE,
    FLAGS,
    HYPERVISOR,
    MAKER,
    ARCHITECTURES,
    GHZ,
    VCPUS,
    CORES,
    MEMORY,
    DISKS,
    EBS,
    INTERFACES,
    IPV4,
    IPV6,
    ENA,
    NETWORK,
    GPUS,
    BOOT,
    COLUMNS
};

struct row {
    struct str cell[COLUMNS];
};

/* The next row of the table; false at its end. */
static bool next_row(struct str *rest, struct row *row)
{
    struct str line = { 0 };

    while (rest->len > 0 && (line.len == 0 || line.ptr[0] == '#'))
        (void)str_cut(*rest, '\n', &line, rest);
    if (line.len == 0 || line.ptr[0] == '#')
        return false;
    for (size_t i = 0; i < COLUMNS; i++)
        (void)str_cut(line, '\t', &row->cell[i], &line);
    return true;
}

static int64_t number(struct str text)
{
    int64_t n = 0;

    (void)str_to_i64(text, &n); /* the table's own, read by a test */
    return n;
}

static bool has_flag(const struct row *row, const char *flag)
{
    struct str word, rest = row->cell[FLAGS];

    while (rest.len > 0) {
        (void)str_cut(rest, ',', &word, &rest);
        if (str_eq_c(word, flag))
            return true;
    }
    return false;
}

static struct value *words(struct ec2 *j, struct str text)
{
    struct value *list = value_list(j->a);
    struct str word;

    for (struct str rest = text; rest.len > 0 && !str_eq_c(text, "-");) {
        (void)str_cut(rest, ',', &word, &rest);
        value_push(list, value_str(j->a, word));
    }
    return list;
}

static void put_flags(struct ec2 *j, const struct row *row, struct value *v)
{
    static const struct {
        const char *flag, *member;
    } flags[] = {
        { "current", "CurrentGeneration" },           { "free", "FreeTierEligible" },
        { "burst", "BurstablePerformanceSupported" }, { "hibernate", "HibernationSupported" },
        { "recover", "AutoRecoverySupported" },       { "dedicated", "DedicatedHostsSupported" },
    };
    struct value *strategies =
        value_get_c(value_get_c(v, "PlacementGroupInfo"), "SupportedStrategies");

    for (size_t i = 0; i < COUNT(flags); i++)
        value_put_bool(j->a, v, flags[i].member, has_flag(row, flags[i].flag));
    if (has_flag(row, "enclaves"))
        value_put_c(j->a, v, "NitroEnclavesSupport", "supported");
    if (has_flag(row, "tpm"))
        value_put_c(j->a, v, "NitroTpmSupport", "supported");
    if (has_flag(row, "cluster"))
        value_push(strategies, value_c(j->a, "cluster"));
}

static void put_processor(struct ec2 *j, const struct row *row, struct value *v)
{
    struct value *processor = value_get_c(v, "ProcessorInfo"), *cpu = value_get_c(v, "VCpuInfo");
    int64_t vcpus = number(row->cell[VCPUS]), cores = number(row->cell[CORES]);

    value_set(processor, STR("SupportedArchitectures"), words(j, row->cell[ARCHITECTURES]));
    value_put_str(j->a, processor, "Manufacturer", row->cell[MAKER]);
    value_set(processor, STR("SustainedClockSpeedInGhz"),
              value_float(j->a, strtod(arena_copy(j->a, row->cell[GHZ]).ptr, NULL)));
    value_put_int(j->a, cpu, "DefaultVCpus", vcpus);
    value_put_int(j->a, cpu, "DefaultCores", cores);
    value_put_int(j->a, cpu, "DefaultThreadsPerCore", cores > 0 ? vcpus / cores : 1);
    value_put_int(j->a, value_get_c(v, "MemoryInfo"), "SizeInMiB", number(row->cell[MEMORY]));
}

static void put_network(struct ec2 *j, const struct row *row, struct value *v)
{
    struct value *network = value_get_c(v, "NetworkInfo");
    struct value *at[] = { network, value_at(value_get_c(network, "NetworkCards"), 0) };

    for (size_t i = 0; i < COUNT(at); i++) {
        value_put_str(j->a, at[i], "NetworkPerformance", row->cell[NETWORK]);
        value_put_int(j->a, at[i], "MaximumNetworkInterfaces", number(row->cell[INTERFACES]));
    }
    value_put_int(j->a, network, "Ipv4AddressesPerInterface", number(row->cell[IPV4]));
    value_put_int(j->a, network, "Ipv6AddressesPerInterface", number(row->cell[IPV6]));
    value_put_bool(j->a, network, "Ipv6Supported", number(row->cell[IPV6]) > 0);
    value_put_str(j->a, network, "EnaSupport", row->cell[ENA]);
    value_put_bool(j->a, network, "EncryptionInTransitSupported", has_flag(row, "transit"));
}

/* "default 650 3600 4750 18750": support, then Mbps and IOPS, baseline and most. A throughput in
 * MB/s is an eighth of the bandwidth. */
static void put_ebs(struct ec2 *j, const struct row *row, struct value *v)
{
    static const char *const members[] = { "BaselineBandwidthInMbps", "BaselineIops",
                                           "MaximumBandwidthInMbps", "MaximumIops" };
    struct value *ebs = value_get_c(v, "EbsInfo"), *info = value_map(j->a);
    struct str word, rest = row->cell[EBS];

    if (has_flag(row, "nvme"))
        value_put_c(j->a, ebs, "NvmeSupport", "required");
    if (str_eq_c(rest, "-"))
        return;
    (void)str_cut(rest, ' ', &word, &rest);
    value_put_str(j->a, ebs, "EbsOptimizedSupport", word);
    for (size_t i = 0; i < COUNT(members); i++) {
        (void)str_cut(rest, ' ', &word, &rest);
        value_put_int(j->a, info, members[i], number(word));
        if (i % 2 == 0)
            value_set(info,
                      i == 0 ? STR("BaselineThroughputInMBps") : STR("MaximumThroughputInMBps"),
                      value_float(j->a, (double)number(word) / 8));
    }
    value_set(ebs, STR("EbsOptimizedInfo"), info);
}

/* "2x900ssd 1x80hdd" */
static void put_disks(struct ec2 *j, const struct row *row, struct value *v)
{
    struct value *info = value_map(j->a), *disks = value_list(j->a);
    struct str word, rest = row->cell[DISKS], count, size;
    int64_t total = 0;

    if (str_eq_c(rest, "-"))
        return;
    while (rest.len > 0) {
        struct value *disk = value_map(j->a);
        (void)str_cut(rest, ' ', &word, &rest);
        (void)str_cut(word, 'x', &count, &size);
        struct str kind = str_sub(size, size.len - 3, 3);
        int64_t gigabytes = number(str_sub(size, 0, size.len - 3));
        value_put_int(j->a, disk, "SizeInGB", gigabytes);
        value_put_int(j->a, disk, "Count", number(count));
        value_put_str(j->a, disk, "Type", kind);
        value_push(disks, disk);
        total += gigabytes * number(count);
    }
    value_put_int(j->a, info, "TotalSizeInGB", total);
    value_set(info, STR("Disks"), disks);
    value_set(v, STR("InstanceStorageInfo"), info);
    value_put_bool(j->a, v, "InstanceStorageSupported", true);
}

/* "4xNVIDIA/T4/16384" */
static void put_gpus(struct ec2 *j, const struct row *row, struct value *v)
{
    struct value *info = value_map(j->a), *gpus = value_list(j->a);
    struct str word, rest = row->cell[GPUS], count, maker, name;
    int64_t total = 0;

    if (str_eq_c(rest, "-"))
        return;
    while (rest.len > 0) {
        struct value *gpu = value_map(j->a), *memory = value_map(j->a);
        (void)str_cut(rest, ' ', &word, &rest);
        (void)str_cut(word, 'x', &count, &word);
        (void)str_cut(word, '/', &maker, &word);
        (void)str_cut(word, '/', &name, &word);
        value_put_str(j->a, gpu, "Name", name);
        value_put_str(j->a, gpu, "Manufacturer", maker);
        value_put_int(j->a, gpu, "Count", number(count));
        value_put_int(j->a, memory, "SizeInMiB", number(word));
        value_set(gpu, STR("MemoryInfo"), memory);
        value_push(gpus, gpu);
        total += number(word) * number(count);
    }
    value_set(info, STR("Gpus"), gpus);
    value_put_int(j->a, info, "TotalGpuMemoryInMiB", total);
    value_set(v, STR("GpuInfo"), info);
}

static struct value *describe(struct ec2 *j, const struct row *row)
{
    struct value *v = ec2_template(j, "instance-type", (struct str){ 0 });

    value_put_str(j->a, v, "InstanceType", row->cell[TYPE]);
    value_put_str(j->a, v, "Hypervisor", row->cell[HYPERVISOR]);
    value_set(v, STR("SupportedBootModes"), words(j, row->cell[BOOT]));
    put_flags(j, row, v);
    put_processor(j, row, v);
    put_network(j, row, v);
    put_ebs(j, row, v);
    put_disks(j, row, v);
    put_gpus(j, row, v);
    return v;
}

/* Every one that was asked for is in the table, or the call is refused: as AWS does where there is
 * no such type at all, as ours where there is. */
static int check_named(struct ec2 *j)
{
    for (const struct value *n = value_first(param(j->call, "InstanceTypes")); n; n = n->next) {
        struct str rest = embed_find(STR("ec2/instance-types.tsv"));
        struct row row = { 0 };
        bool found = false;

        while (!found && next_row(&rest, &row))
            found = str_eq(row.cell[TYPE], n->u.text);
        if (found)
            continue;
        if (ec2_type_exists(j, n->u.text))
            return ec2_unsupported(j, arena_printf(j->a, "the type %.*s", STR_ARG(n->u.text)).ptr);
        return ec2_refuse(j, "InvalidInstanceType",
                          "The following supplied instance types do not exist: [%.*s]",
                          STR_ARG(n->u.text));
    }
    return 0;
}

int ec2_describe_instance_types(struct ec2 *j)
{
    const struct value *names = param(j->call, "InstanceTypes");
    struct str rest = embed_find(STR("ec2/instance-types.tsv"));
    struct value *list = value_list(j->a);
    struct row row;
    int rc = ec2_filters_ok(j, "instance-type");

    if (rc == 0)
        rc = check_named(j);
    while (rc == 0 && next_row(&rest, &row)) {
        if (value_first(names) && !ec2_list_has(names, row.cell[TYPE]))
            continue;
        struct value *v = describe(j, &row);
        if (ec2_filters_pass(j, "instance-type", "Tags", v))
            value_push(list, v);
    }
    return rc != 0 ? rc : ec2_page(j, "InstanceTypes", list, "InstanceType");
}

/* Where types are offered by that kind of location, ascending. */
static int places(struct ec2 *j, struct str kind, struct value **out)
{
    bool by_id = str_eq_c(kind, "availability-zone-id");
    struct value *zones;
    struct str *ids;
    size_t count = 0;
    int rc = ec2_zones(j, &zones);

    *out = value_list(j->a);
    if (rc != 0)
        return rc;
    ids = arena_array(j->a, zones->count + 1, sizeof *ids);
    if (str_eq_c(kind, "region"))
        ids[count++] = j->call->region;
    for (const struct value *z = value_first(zones);
         z && (by_id || str_eq_c(kind, "availability-zone")); z = z->next)
        ids[count++] = by_id ? ec2_zone_id(j, z->u.text) : z->u.text;
    for (size_t n = 1; n < count; n++)
        for (size_t i = n; i > 0 && str_cmp(ids[i], ids[i - 1]) < 0; i--) {
            struct str lower = ids[i];
            ids[i] = ids[i - 1];
            ids[i - 1] = lower;
        }
    for (size_t i = 0; i < count; i++)
        value_push(*out, value_str(j->a, ids[i]));
    return 0;
}

static void offer(struct ec2 *j, const struct row *row, struct str kind, struct str place,
                  struct value *list)
{
    struct value *v = value_map(j->a);

    value_put_str(j->a, v, "InstanceType", row->cell[TYPE]);
    value_put_str(j->a, v, "LocationType", kind);
    value_put_str(j->a, v, "Location", place);
    value_put_str(j->a, v, "_place",
                  arena_printf(j->a, "%.*s %.*s", STR_ARG(row->cell[TYPE]), STR_ARG(place)));
    if (ec2_filters_pass(j, "instance-type-offering", "Tags", v))
        value_push(list, v);
}

/* Every type of the table is offered in every zone: no limit of AWS's capacity is modelled. */
int ec2_describe_instance_type_offerings(struct ec2 *j)
{
    struct str kind =
        param_has(j->call, "LocationType") ? param_str(j->call, "LocationType") : STR("region");
    struct str rest = embed_find(STR("ec2/instance-types.tsv"));
    struct value *list = value_list(j->a), *where;
    struct row row;
    int rc = ec2_filters_ok(j, "instance-type-offering");

    if (rc == 0)
        rc = places(j, kind, &where);
    while (rc == 0 && next_row(&rest, &row))
        for (const struct value *p = value_first(where); p; p = p->next)
            offer(j, &row, kind, p->u.text, list);
    return rc != 0 ? rc : ec2_page(j, "InstanceTypeOfferings", list, "_place");
}
