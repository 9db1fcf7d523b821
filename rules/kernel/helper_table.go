package kernel

// Helpers (enum bpf_func_id, include/uapi/linux/bpf.h, Linux 6.18).
const (
	HelperMapLookupElem              Helper = 1
	HelperMapUpdateElem              Helper = 2
	HelperMapDeleteElem              Helper = 3
	HelperProbeRead                  Helper = 4
	HelperKtimeGetNs                 Helper = 5
	HelperTracePrintk                Helper = 6
	HelperGetPrandomU32              Helper = 7
	HelperGetSmpProcessorId          Helper = 8
	HelperSkbStoreBytes              Helper = 9
	HelperL3CsumReplace              Helper = 10
	HelperL4CsumReplace              Helper = 11
	HelperTailCall                   Helper = 12
	HelperCloneRedirect              Helper = 13
	HelperGetCurrentPidTgid          Helper = 14
	HelperGetCurrentUidGid           Helper = 15
	HelperGetCurrentComm             Helper = 16
	HelperGetCgroupClassid           Helper = 17
	HelperSkbVlanPush                Helper = 18
	HelperSkbVlanPop                 Helper = 19
	HelperSkbGetTunnelKey            Helper = 20
	HelperSkbSetTunnelKey            Helper = 21
	HelperPerfEventRead              Helper = 22
	HelperRedirect                   Helper = 23
	HelperGetRouteRealm              Helper = 24
	HelperPerfEventOutput            Helper = 25
	HelperSkbLoadBytes               Helper = 26
	HelperGetStackid                 Helper = 27
	HelperCsumDiff                   Helper = 28
	HelperSkbGetTunnelOpt            Helper = 29
	HelperSkbSetTunnelOpt            Helper = 30
	HelperSkbChangeProto             Helper = 31
	HelperSkbChangeType              Helper = 32
	HelperSkbUnderCgroup             Helper = 33
	HelperGetHashRecalc              Helper = 34
	HelperGetCurrentTask             Helper = 35
	HelperProbeWriteUser             Helper = 36
	HelperCurrentTaskUnderCgroup     Helper = 37
	HelperSkbChangeTail              Helper = 38
	HelperSkbPullData                Helper = 39
	HelperCsumUpdate                 Helper = 40
	HelperSetHashInvalid             Helper = 41
	HelperGetNumaNodeId              Helper = 42
	HelperSkbChangeHead              Helper = 43
	HelperXdpAdjustHead              Helper = 44
	HelperProbeReadStr               Helper = 45
	HelperGetSocketCookie            Helper = 46
	HelperGetSocketUid               Helper = 47
	HelperSetHash                    Helper = 48
	HelperSetsockopt                 Helper = 49
	HelperSkbAdjustRoom              Helper = 50
	HelperRedirectMap                Helper = 51
	HelperSkRedirectMap              Helper = 52
	HelperSockMapUpdate              Helper = 53
	HelperXdpAdjustMeta              Helper = 54
	HelperPerfEventReadValue         Helper = 55
	HelperPerfProgReadValue          Helper = 56
	HelperGetsockopt                 Helper = 57
	HelperOverrideReturn             Helper = 58
	HelperSockOpsCbFlagsSet          Helper = 59
	HelperMsgRedirectMap             Helper = 60
	HelperMsgApplyBytes              Helper = 61
	HelperMsgCorkBytes               Helper = 62
	HelperMsgPullData                Helper = 63
	HelperBind                       Helper = 64
	HelperXdpAdjustTail              Helper = 65
	HelperSkbGetXfrmState            Helper = 66
	HelperGetStack                   Helper = 67
	HelperSkbLoadBytesRelative       Helper = 68
	HelperFibLookup                  Helper = 69
	HelperSockHashUpdate             Helper = 70
	HelperMsgRedirectHash            Helper = 71
	HelperSkRedirectHash             Helper = 72
	HelperLwtPushEncap               Helper = 73
	HelperLwtSeg6StoreBytes          Helper = 74
	HelperLwtSeg6AdjustSrh           Helper = 75
	HelperLwtSeg6Action              Helper = 76
	HelperRcRepeat                   Helper = 77
	HelperRcKeydown                  Helper = 78
	HelperSkbCgroupId                Helper = 79
	HelperGetCurrentCgroupId         Helper = 80
	HelperGetLocalStorage            Helper = 81
	HelperSkSelectReuseport          Helper = 82
	HelperSkbAncestorCgroupId        Helper = 83
	HelperSkLookupTcp                Helper = 84
	HelperSkLookupUdp                Helper = 85
	HelperSkRelease                  Helper = 86
	HelperMapPushElem                Helper = 87
	HelperMapPopElem                 Helper = 88
	HelperMapPeekElem                Helper = 89
	HelperMsgPushData                Helper = 90
	HelperMsgPopData                 Helper = 91
	HelperRcPointerRel               Helper = 92
	HelperSpinLock                   Helper = 93
	HelperSpinUnlock                 Helper = 94
	HelperSkFullsock                 Helper = 95
	HelperTcpSock                    Helper = 96
	HelperSkbEcnSetCe                Helper = 97
	HelperGetListenerSock            Helper = 98
	HelperSkcLookupTcp               Helper = 99
	HelperTcpCheckSyncookie          Helper = 100
	HelperSysctlGetName              Helper = 101
	HelperSysctlGetCurrentValue      Helper = 102
	HelperSysctlGetNewValue          Helper = 103
	HelperSysctlSetNewValue          Helper = 104
	HelperStrtol                     Helper = 105
	HelperStrtoul                    Helper = 106
	HelperSkStorageGet               Helper = 107
	HelperSkStorageDelete            Helper = 108
	HelperSendSignal                 Helper = 109
	HelperTcpGenSyncookie            Helper = 110
	HelperSkbOutput                  Helper = 111
	HelperProbeReadUser              Helper = 112
	HelperProbeReadKernel            Helper = 113
	HelperProbeReadUserStr           Helper = 114
	HelperProbeReadKernelStr         Helper = 115
	HelperTcpSendAck                 Helper = 116
	HelperSendSignalThread           Helper = 117
	HelperJiffies64                  Helper = 118
	HelperReadBranchRecords          Helper = 119
	HelperGetNsCurrentPidTgid        Helper = 120
	HelperXdpOutput                  Helper = 121
	HelperGetNetnsCookie             Helper = 122
	HelperGetCurrentAncestorCgroupId Helper = 123
	HelperSkAssign                   Helper = 124
	HelperKtimeGetBootNs             Helper = 125
	HelperSeqPrintf                  Helper = 126
	HelperSeqWrite                   Helper = 127
	HelperSkCgroupId                 Helper = 128
	HelperSkAncestorCgroupId         Helper = 129
	HelperRingbufOutput              Helper = 130
	HelperRingbufReserve             Helper = 131
	HelperRingbufSubmit              Helper = 132
	HelperRingbufDiscard             Helper = 133
	HelperRingbufQuery               Helper = 134
	HelperCsumLevel                  Helper = 135
	HelperSkcToTcp6Sock              Helper = 136
	HelperSkcToTcpSock               Helper = 137
	HelperSkcToTcpTimewaitSock       Helper = 138
	HelperSkcToTcpRequestSock        Helper = 139
	HelperSkcToUdp6Sock              Helper = 140
	HelperGetTaskStack               Helper = 141
	HelperLoadHdrOpt                 Helper = 142
	HelperStoreHdrOpt                Helper = 143
	HelperReserveHdrOpt              Helper = 144
	HelperInodeStorageGet            Helper = 145
	HelperInodeStorageDelete         Helper = 146
	HelperDPath                      Helper = 147
	HelperCopyFromUser               Helper = 148
	HelperSnprintfBtf                Helper = 149
	HelperSeqPrintfBtf               Helper = 150
	HelperSkbCgroupClassid           Helper = 151
	HelperRedirectNeigh              Helper = 152
	HelperPerCpuPtr                  Helper = 153
	HelperThisCpuPtr                 Helper = 154
	HelperRedirectPeer               Helper = 155
	HelperTaskStorageGet             Helper = 156
	HelperTaskStorageDelete          Helper = 157
	HelperGetCurrentTaskBtf          Helper = 158
	HelperBprmOptsSet                Helper = 159
	HelperKtimeGetCoarseNs           Helper = 160
	HelperImaInodeHash               Helper = 161
	HelperSockFromFile               Helper = 162
	HelperCheckMtu                   Helper = 163
	HelperForEachMapElem             Helper = 164
	HelperSnprintf                   Helper = 165
	HelperSysBpf                     Helper = 166
	HelperBtfFindByNameKind          Helper = 167
	HelperSysClose                   Helper = 168
	HelperTimerInit                  Helper = 169
	HelperTimerSetCallback           Helper = 170
	HelperTimerStart                 Helper = 171
	HelperTimerCancel                Helper = 172
	HelperGetFuncIp                  Helper = 173
	HelperGetAttachCookie            Helper = 174
	HelperTaskPtRegs                 Helper = 175
	HelperGetBranchSnapshot          Helper = 176
	HelperTraceVprintk               Helper = 177
	HelperSkcToUnixSock              Helper = 178
	HelperKallsymsLookupName         Helper = 179
	HelperFindVma                    Helper = 180
	HelperLoop                       Helper = 181
	HelperStrncmp                    Helper = 182
	HelperGetFuncArg                 Helper = 183
	HelperGetFuncRet                 Helper = 184
	HelperGetFuncArgCnt              Helper = 185
	HelperGetRetval                  Helper = 186
	HelperSetRetval                  Helper = 187
	HelperXdpGetBuffLen              Helper = 188
	HelperXdpLoadBytes               Helper = 189
	HelperXdpStoreBytes              Helper = 190
	HelperCopyFromUserTask           Helper = 191
	HelperSkbSetTstamp               Helper = 192
	HelperImaFileHash                Helper = 193
	HelperKptrXchg                   Helper = 194
	HelperMapLookupPercpuElem        Helper = 195
	HelperSkcToMptcpSock             Helper = 196
	HelperDynptrFromMem              Helper = 197
	HelperRingbufReserveDynptr       Helper = 198
	HelperRingbufSubmitDynptr        Helper = 199
	HelperRingbufDiscardDynptr       Helper = 200
	HelperDynptrRead                 Helper = 201
	HelperDynptrWrite                Helper = 202
	HelperDynptrData                 Helper = 203
	HelperTcpRawGenSyncookieIpv4     Helper = 204
	HelperTcpRawGenSyncookieIpv6     Helper = 205
	HelperTcpRawCheckSyncookieIpv4   Helper = 206
	HelperTcpRawCheckSyncookieIpv6   Helper = 207
	HelperKtimeGetTaiNs              Helper = 208
	HelperUserRingbufDrain           Helper = 209
	HelperCgrpStorageGet             Helper = 210
	HelperCgrpStorageDelete          Helper = 211
)

// helpers describes every helper. Arguments and results: the struct
// bpf_func_proto of each in kernel/bpf, kernel/trace/bpf_trace.c and
// net/core/filter.c of Linux 6.12; where program types have forms of their
// own, the most common one. Since: the release of the commit that added it.
var helpers = [...]HelperInfo{
	HelperMapLookupElem:              {Name: "bpf_map_lookup_elem", Since: Version{3, 19}, Args: []Arg{mapPtr, mapKey}, Ret: RetMapValueOrNull},
	HelperMapUpdateElem:              {Name: "bpf_map_update_elem", Since: Version{3, 19}, Args: []Arg{mapPtr, mapKey, mapValue, scalar}, Ret: RetScalar},
	HelperMapDeleteElem:              {Name: "bpf_map_delete_elem", Since: Version{3, 19}, Args: []Arg{mapPtr, mapKey}, Ret: RetScalar},
	HelperProbeRead:                  {Name: "bpf_probe_read", Since: Version{4, 1}, Args: []Arg{memOut, size, scalar}, Ret: RetScalar},
	HelperKtimeGetNs:                 {Name: "bpf_ktime_get_ns", Since: Version{4, 1}, Ret: RetScalar, Tag: TagTime},
	HelperTracePrintk:                {Name: "bpf_trace_printk", Since: Version{4, 1}, Args: []Arg{memIn, size}, Ret: RetScalar},
	HelperGetPrandomU32:              {Name: "bpf_get_prandom_u32", Since: Version{4, 1}, Ret: RetScalar, Tag: TagRandom},
	HelperGetSmpProcessorId:          {Name: "bpf_get_smp_processor_id", Since: Version{4, 1}, Ret: RetScalar, Tag: TagCPU},
	HelperSkbStoreBytes:              {Name: "bpf_skb_store_bytes", Since: Version{4, 1}, Args: []Arg{ctxPtr, scalar, memIn, size, scalar}, Ret: RetScalar},
	HelperL3CsumReplace:              {Name: "bpf_l3_csum_replace", Since: Version{4, 1}, Args: []Arg{ctxPtr, scalar, scalar, scalar, scalar}, Ret: RetScalar},
	HelperL4CsumReplace:              {Name: "bpf_l4_csum_replace", Since: Version{4, 1}, Args: []Arg{ctxPtr, scalar, scalar, scalar, scalar}, Ret: RetScalar},
	HelperTailCall:                   {Name: "bpf_tail_call", Since: Version{4, 2}, Args: []Arg{ctxPtr, mapPtr, scalar}, Ret: RetVoid},
	HelperCloneRedirect:              {Name: "bpf_clone_redirect", Since: Version{4, 2}, Args: []Arg{ctxPtr, scalar, scalar}, Ret: RetScalar},
	HelperGetCurrentPidTgid:          {Name: "bpf_get_current_pid_tgid", Since: Version{4, 2}, Ret: RetScalar, Tag: TagPidTgid},
	HelperGetCurrentUidGid:           {Name: "bpf_get_current_uid_gid", Since: Version{4, 2}, Ret: RetScalar, Tag: TagUidGid},
	HelperGetCurrentComm:             {Name: "bpf_get_current_comm", Since: Version{4, 2}, Args: []Arg{memOut, size}, Ret: RetScalar},
	HelperGetCgroupClassid:           {Name: "bpf_get_cgroup_classid", Since: Version{4, 3}, Args: []Arg{ctxPtr}, Ret: RetScalar, Tag: TagCgroupID},
	HelperSkbVlanPush:                {Name: "bpf_skb_vlan_push", Since: Version{4, 3}, Args: []Arg{ctxPtr, scalar, scalar}, Ret: RetScalar},
	HelperSkbVlanPop:                 {Name: "bpf_skb_vlan_pop", Since: Version{4, 3}, Args: []Arg{ctxPtr}, Ret: RetScalar},
	HelperSkbGetTunnelKey:            {Name: "bpf_skb_get_tunnel_key", Since: Version{4, 3}, Args: []Arg{ctxPtr, memOut, size, scalar}, Ret: RetScalar},
	HelperSkbSetTunnelKey:            {Name: "bpf_skb_set_tunnel_key", Since: Version{4, 3}, Args: []Arg{ctxPtr, memIn, size, scalar}, Ret: RetScalar},
	HelperPerfEventRead:              {Name: "bpf_perf_event_read", Since: Version{4, 3}, Args: []Arg{mapPtr, scalar}, Ret: RetScalar},
	HelperRedirect:                   {Name: "bpf_redirect", Since: Version{4, 4}, Args: []Arg{scalar, scalar}, Ret: RetScalar},
	HelperGetRouteRealm:              {Name: "bpf_get_route_realm", Since: Version{4, 4}, Args: []Arg{ctxPtr}, Ret: RetScalar},
	HelperPerfEventOutput:            {Name: "bpf_perf_event_output", Since: Version{4, 4}, Args: []Arg{ctxPtr, mapPtr, scalar, memIn, size}, Ret: RetScalar},
	HelperSkbLoadBytes:               {Name: "bpf_skb_load_bytes", Since: Version{4, 5}, Args: []Arg{ctxPtr, scalar, memOut, size}, Ret: RetScalar},
	HelperGetStackid:                 {Name: "bpf_get_stackid", Since: Version{4, 6}, Args: []Arg{ctxPtr, mapPtr, scalar}, Ret: RetScalar},
	HelperCsumDiff:                   {Name: "bpf_csum_diff", Since: Version{4, 6}, Args: []Arg{memIn.orNull(), size, memIn.orNull(), size, scalar}, Ret: RetScalar},
	HelperSkbGetTunnelOpt:            {Name: "bpf_skb_get_tunnel_opt", Since: Version{4, 6}, Args: []Arg{ctxPtr, memOut, size}, Ret: RetScalar},
	HelperSkbSetTunnelOpt:            {Name: "bpf_skb_set_tunnel_opt", Since: Version{4, 6}, Args: []Arg{ctxPtr, memIn, size}, Ret: RetScalar},
	HelperSkbChangeProto:             {Name: "bpf_skb_change_proto", Since: Version{4, 8}, Args: []Arg{ctxPtr, scalar, scalar}, Ret: RetScalar},
	HelperSkbChangeType:              {Name: "bpf_skb_change_type", Since: Version{4, 8}, Args: []Arg{ctxPtr, scalar}, Ret: RetScalar},
	HelperSkbUnderCgroup:             {Name: "bpf_skb_under_cgroup", Since: Version{4, 8}, Args: []Arg{ctxPtr, mapPtr, scalar}, Ret: RetScalar},
	HelperGetHashRecalc:              {Name: "bpf_get_hash_recalc", Since: Version{4, 8}, Args: []Arg{ctxPtr}, Ret: RetScalar},
	HelperGetCurrentTask:             {Name: "bpf_get_current_task", Since: Version{4, 8}, Ret: RetScalar, Tag: TagCurrentTask},
	HelperProbeWriteUser:             {Name: "bpf_probe_write_user", Since: Version{4, 8}, Args: []Arg{scalar, memIn, size}, Ret: RetScalar},
	HelperCurrentTaskUnderCgroup:     {Name: "bpf_current_task_under_cgroup", Since: Version{4, 9}, Args: []Arg{mapPtr, scalar}, Ret: RetScalar},
	HelperSkbChangeTail:              {Name: "bpf_skb_change_tail", Since: Version{4, 9}, Args: []Arg{ctxPtr, scalar, scalar}, Ret: RetScalar},
	HelperSkbPullData:                {Name: "bpf_skb_pull_data", Since: Version{4, 9}, Args: []Arg{ctxPtr, scalar}, Ret: RetScalar},
	HelperCsumUpdate:                 {Name: "bpf_csum_update", Since: Version{4, 9}, Args: []Arg{ctxPtr, scalar}, Ret: RetScalar},
	HelperSetHashInvalid:             {Name: "bpf_set_hash_invalid", Since: Version{4, 9}, Args: []Arg{ctxPtr}, Ret: RetScalar},
	HelperGetNumaNodeId:              {Name: "bpf_get_numa_node_id", Since: Version{4, 10}, Ret: RetScalar, Tag: TagNUMANode},
	HelperSkbChangeHead:              {Name: "bpf_skb_change_head", Since: Version{4, 10}, Args: []Arg{ctxPtr, scalar, scalar}, Ret: RetScalar},
	HelperXdpAdjustHead:              {Name: "bpf_xdp_adjust_head", Since: Version{4, 10}, Args: []Arg{ctxPtr, scalar}, Ret: RetScalar},
	HelperProbeReadStr:               {Name: "bpf_probe_read_str", Since: Version{4, 11}, Args: []Arg{memOut, size, scalar}, Ret: RetScalar},
	HelperGetSocketCookie:            {Name: "bpf_get_socket_cookie", Since: Version{4, 12}, Args: []Arg{ctxPtr}, Ret: RetScalar, Tag: TagSocketCookie},
	HelperGetSocketUid:               {Name: "bpf_get_socket_uid", Since: Version{4, 12}, Args: []Arg{ctxPtr}, Ret: RetScalar},
	HelperSetHash:                    {Name: "bpf_set_hash", Since: Version{4, 13}, Args: []Arg{ctxPtr, scalar}, Ret: RetScalar},
	HelperSetsockopt:                 {Name: "bpf_setsockopt", Since: Version{4, 13}, Args: []Arg{ctxPtr, scalar, scalar, memIn, size}, Ret: RetScalar},
	HelperSkbAdjustRoom:              {Name: "bpf_skb_adjust_room", Since: Version{4, 13}, Args: []Arg{ctxPtr, scalar, scalar, scalar}, Ret: RetScalar},
	HelperRedirectMap:                {Name: "bpf_redirect_map", Since: Version{4, 14}, Args: []Arg{mapPtr, scalar, scalar}, Ret: RetScalar},
	HelperSkRedirectMap:              {Name: "bpf_sk_redirect_map", Since: Version{4, 14}, Args: []Arg{ctxPtr, mapPtr, scalar, scalar}, Ret: RetScalar},
	HelperSockMapUpdate:              {Name: "bpf_sock_map_update", Since: Version{4, 14}, Args: []Arg{ctxPtr, mapPtr, mapKey, scalar}, Ret: RetScalar},
	HelperXdpAdjustMeta:              {Name: "bpf_xdp_adjust_meta", Since: Version{4, 15}, Args: []Arg{ctxPtr, scalar}, Ret: RetScalar},
	HelperPerfEventReadValue:         {Name: "bpf_perf_event_read_value", Since: Version{4, 15}, Args: []Arg{mapPtr, scalar, memOut, size}, Ret: RetScalar},
	HelperPerfProgReadValue:          {Name: "bpf_perf_prog_read_value", Since: Version{4, 15}, Args: []Arg{ctxPtr, memOut, size}, Ret: RetScalar},
	HelperGetsockopt:                 {Name: "bpf_getsockopt", Since: Version{4, 15}, Args: []Arg{ctxPtr, scalar, scalar, memOut, size}, Ret: RetScalar},
	HelperOverrideReturn:             {Name: "bpf_override_return", Since: Version{4, 16}, Args: []Arg{ctxPtr, scalar}, Ret: RetScalar},
	HelperSockOpsCbFlagsSet:          {Name: "bpf_sock_ops_cb_flags_set", Since: Version{4, 16}, Args: []Arg{ctxPtr, scalar}, Ret: RetScalar},
	HelperMsgRedirectMap:             {Name: "bpf_msg_redirect_map", Since: Version{4, 17}, Args: []Arg{ctxPtr, mapPtr, scalar, scalar}, Ret: RetScalar},
	HelperMsgApplyBytes:              {Name: "bpf_msg_apply_bytes", Since: Version{4, 17}, Args: []Arg{ctxPtr, scalar}, Ret: RetScalar},
	HelperMsgCorkBytes:               {Name: "bpf_msg_cork_bytes", Since: Version{4, 17}, Args: []Arg{ctxPtr, scalar}, Ret: RetScalar},
	HelperMsgPullData:                {Name: "bpf_msg_pull_data", Since: Version{4, 17}, Args: []Arg{ctxPtr, scalar, scalar, scalar}, Ret: RetScalar},
	HelperBind:                       {Name: "bpf_bind", Since: Version{4, 17}, Args: []Arg{ctxPtr, memIn, size}, Ret: RetScalar},
	HelperXdpAdjustTail:              {Name: "bpf_xdp_adjust_tail", Since: Version{4, 18}, Args: []Arg{ctxPtr, scalar}, Ret: RetScalar},
	HelperSkbGetXfrmState:            {Name: "bpf_skb_get_xfrm_state", Since: Version{4, 18}, Args: []Arg{ctxPtr, scalar, memOut, size, scalar}, Ret: RetScalar},
	HelperGetStack:                   {Name: "bpf_get_stack", Since: Version{4, 18}, Args: []Arg{ctxPtr, memOut, size, scalar}, Ret: RetScalar},
	HelperSkbLoadBytesRelative:       {Name: "bpf_skb_load_bytes_relative", Since: Version{4, 18}, Args: []Arg{ctxPtr, scalar, memOut, size, scalar}, Ret: RetScalar},
	HelperFibLookup:                  {Name: "bpf_fib_lookup", Since: Version{4, 18}, Args: []Arg{ctxPtr, memInOut, size, scalar}, Ret: RetScalar},
	HelperSockHashUpdate:             {Name: "bpf_sock_hash_update", Since: Version{4, 18}, Args: []Arg{ctxPtr, mapPtr, mapKey, scalar}, Ret: RetScalar},
	HelperMsgRedirectHash:            {Name: "bpf_msg_redirect_hash", Since: Version{4, 18}, Args: []Arg{ctxPtr, mapPtr, mapKey, scalar}, Ret: RetScalar},
	HelperSkRedirectHash:             {Name: "bpf_sk_redirect_hash", Since: Version{4, 18}, Args: []Arg{ctxPtr, mapPtr, mapKey, scalar}, Ret: RetScalar},
	HelperLwtPushEncap:               {Name: "bpf_lwt_push_encap", Since: Version{4, 18}, Args: []Arg{ctxPtr, scalar, memIn, size}, Ret: RetScalar},
	HelperLwtSeg6StoreBytes:          {Name: "bpf_lwt_seg6_store_bytes", Since: Version{4, 18}, Args: []Arg{ctxPtr, scalar, memIn, size}, Ret: RetScalar},
	HelperLwtSeg6AdjustSrh:           {Name: "bpf_lwt_seg6_adjust_srh", Since: Version{4, 18}, Args: []Arg{ctxPtr, scalar, scalar}, Ret: RetScalar},
	HelperLwtSeg6Action:              {Name: "bpf_lwt_seg6_action", Since: Version{4, 18}, Args: []Arg{ctxPtr, scalar, memIn, size}, Ret: RetScalar},
	HelperRcRepeat:                   {Name: "bpf_rc_repeat", Since: Version{4, 18}, Args: []Arg{ctxPtr}, Ret: RetScalar},
	HelperRcKeydown:                  {Name: "bpf_rc_keydown", Since: Version{4, 18}, Args: []Arg{ctxPtr, scalar, scalar, scalar}, Ret: RetScalar},
	HelperSkbCgroupId:                {Name: "bpf_skb_cgroup_id", Since: Version{4, 18}, Args: []Arg{ctxPtr}, Ret: RetScalar, Tag: TagCgroupID},
	HelperGetCurrentCgroupId:         {Name: "bpf_get_current_cgroup_id", Since: Version{4, 18}, Ret: RetScalar, Tag: TagCgroupID},
	HelperGetLocalStorage:            {Name: "bpf_get_local_storage", Since: Version{4, 19}, Args: []Arg{mapPtr, scalar}, Ret: RetMapValue},
	HelperSkSelectReuseport:          {Name: "bpf_sk_select_reuseport", Since: Version{4, 19}, Args: []Arg{ctxPtr, mapPtr, mapKey, scalar}, Ret: RetScalar},
	HelperSkbAncestorCgroupId:        {Name: "bpf_skb_ancestor_cgroup_id", Since: Version{4, 19}, Args: []Arg{ctxPtr, scalar}, Ret: RetScalar, Tag: TagCgroupID},
	HelperSkLookupTcp:                {Name: "bpf_sk_lookup_tcp", Since: Version{4, 20}, Args: []Arg{ctxPtr, memIn, size, scalar, scalar}, Ret: RetObjectOrNull},
	HelperSkLookupUdp:                {Name: "bpf_sk_lookup_udp", Since: Version{4, 20}, Args: []Arg{ctxPtr, memIn, size, scalar, scalar}, Ret: RetObjectOrNull},
	HelperSkRelease:                  {Name: "bpf_sk_release", Since: Version{4, 20}, Args: []Arg{object.released()}, Ret: RetScalar},
	HelperMapPushElem:                {Name: "bpf_map_push_elem", Since: Version{4, 20}, Args: []Arg{mapPtr, mapValue, scalar}, Ret: RetScalar},
	HelperMapPopElem:                 {Name: "bpf_map_pop_elem", Since: Version{4, 20}, Args: []Arg{mapPtr, mapValueOut}, Ret: RetScalar},
	HelperMapPeekElem:                {Name: "bpf_map_peek_elem", Since: Version{4, 20}, Args: []Arg{mapPtr, mapValueOut}, Ret: RetScalar},
	HelperMsgPushData:                {Name: "bpf_msg_push_data", Since: Version{4, 20}, Args: []Arg{ctxPtr, scalar, scalar, scalar}, Ret: RetScalar},
	HelperMsgPopData:                 {Name: "bpf_msg_pop_data", Since: Version{5, 0}, Args: []Arg{ctxPtr, scalar, scalar, scalar}, Ret: RetScalar},
	HelperRcPointerRel:               {Name: "bpf_rc_pointer_rel", Since: Version{5, 0}, Args: []Arg{ctxPtr, scalar, scalar}, Ret: RetScalar},
	HelperSpinLock:                   {Name: "bpf_spin_lock", Since: Version{5, 1}, Args: []Arg{spinLock}, Ret: RetVoid},
	HelperSpinUnlock:                 {Name: "bpf_spin_unlock", Since: Version{5, 1}, Args: []Arg{spinLock}, Ret: RetVoid},
	HelperSkFullsock:                 {Name: "bpf_sk_fullsock", Since: Version{5, 1}, Args: []Arg{object}, Ret: RetObjectOrNull},
	HelperTcpSock:                    {Name: "bpf_tcp_sock", Since: Version{5, 1}, Args: []Arg{object}, Ret: RetObjectOrNull},
	HelperSkbEcnSetCe:                {Name: "bpf_skb_ecn_set_ce", Since: Version{5, 1}, Args: []Arg{ctxPtr}, Ret: RetScalar},
	HelperGetListenerSock:            {Name: "bpf_get_listener_sock", Since: Version{5, 1}, Args: []Arg{object}, Ret: RetObjectOrNull},
	HelperSkcLookupTcp:               {Name: "bpf_skc_lookup_tcp", Since: Version{5, 2}, Args: []Arg{ctxPtr, memIn, size, scalar, scalar}, Ret: RetObjectOrNull},
	HelperTcpCheckSyncookie:          {Name: "bpf_tcp_check_syncookie", Since: Version{5, 2}, Args: []Arg{object, memIn, size, memIn, size}, Ret: RetScalar},
	HelperSysctlGetName:              {Name: "bpf_sysctl_get_name", Since: Version{5, 2}, Args: []Arg{ctxPtr, memOut, size, scalar}, Ret: RetScalar},
	HelperSysctlGetCurrentValue:      {Name: "bpf_sysctl_get_current_value", Since: Version{5, 2}, Args: []Arg{ctxPtr, memOut, size}, Ret: RetScalar},
	HelperSysctlGetNewValue:          {Name: "bpf_sysctl_get_new_value", Since: Version{5, 2}, Args: []Arg{ctxPtr, memOut, size}, Ret: RetScalar},
	HelperSysctlSetNewValue:          {Name: "bpf_sysctl_set_new_value", Since: Version{5, 2}, Args: []Arg{ctxPtr, memIn, size}, Ret: RetScalar},
	HelperStrtol:                     {Name: "bpf_strtol", Since: Version{5, 2}, Args: []Arg{memIn, size, scalar, fixedOut(8)}, Ret: RetScalar},
	HelperStrtoul:                    {Name: "bpf_strtoul", Since: Version{5, 2}, Args: []Arg{memIn, size, scalar, fixedOut(8)}, Ret: RetScalar},
	HelperSkStorageGet:               {Name: "bpf_sk_storage_get", Since: Version{5, 2}, Args: []Arg{mapPtr, object, mapValue.orNull(), scalar}, Ret: RetMapValueOrNull},
	HelperSkStorageDelete:            {Name: "bpf_sk_storage_delete", Since: Version{5, 2}, Args: []Arg{mapPtr, object}, Ret: RetScalar},
	HelperSendSignal:                 {Name: "bpf_send_signal", Since: Version{5, 3}, Args: []Arg{scalar}, Ret: RetScalar},
	HelperTcpGenSyncookie:            {Name: "bpf_tcp_gen_syncookie", Since: Version{5, 3}, Args: []Arg{object, memIn, size, memIn, size}, Ret: RetScalar},
	HelperSkbOutput:                  {Name: "bpf_skb_output", Since: Version{5, 5}, Args: []Arg{object, mapPtr, scalar, memIn, size}, Ret: RetScalar},
	HelperProbeReadUser:              {Name: "bpf_probe_read_user", Since: Version{5, 5}, Args: []Arg{memOut, size, scalar}, Ret: RetScalar},
	HelperProbeReadKernel:            {Name: "bpf_probe_read_kernel", Since: Version{5, 5}, Args: []Arg{memOut, size, scalar}, Ret: RetScalar},
	HelperProbeReadUserStr:           {Name: "bpf_probe_read_user_str", Since: Version{5, 5}, Args: []Arg{memOut, size, scalar}, Ret: RetScalar},
	HelperProbeReadKernelStr:         {Name: "bpf_probe_read_kernel_str", Since: Version{5, 5}, Args: []Arg{memOut, size, scalar}, Ret: RetScalar},
	HelperTcpSendAck:                 {Name: "bpf_tcp_send_ack", Since: Version{5, 5}, Args: []Arg{object, scalar}, Ret: RetScalar},
	HelperSendSignalThread:           {Name: "bpf_send_signal_thread", Since: Version{5, 5}, Args: []Arg{scalar}, Ret: RetScalar},
	HelperJiffies64:                  {Name: "bpf_jiffies64", Since: Version{5, 5}, Ret: RetScalar, Tag: TagTime},
	HelperReadBranchRecords:          {Name: "bpf_read_branch_records", Since: Version{5, 6}, Args: []Arg{ctxPtr, memOut.orNull(), size, scalar}, Ret: RetScalar},
	HelperGetNsCurrentPidTgid:        {Name: "bpf_get_ns_current_pid_tgid", Since: Version{5, 7}, Args: []Arg{scalar, scalar, memOut, size}, Ret: RetScalar},
	HelperXdpOutput:                  {Name: "bpf_xdp_output", Since: Version{5, 6}, Args: []Arg{object, mapPtr, scalar, memIn, size}, Ret: RetScalar},
	HelperGetNetnsCookie:             {Name: "bpf_get_netns_cookie", Since: Version{5, 7}, Args: []Arg{ctxPtr}, Ret: RetScalar, Tag: TagNetnsCookie},
	HelperGetCurrentAncestorCgroupId: {Name: "bpf_get_current_ancestor_cgroup_id", Since: Version{5, 6}, Args: []Arg{scalar}, Ret: RetScalar, Tag: TagCgroupID},
	HelperSkAssign:                   {Name: "bpf_sk_assign", Since: Version{5, 6}, Args: []Arg{ctxPtr, object, scalar}, Ret: RetScalar},
	HelperKtimeGetBootNs:             {Name: "bpf_ktime_get_boot_ns", Since: Version{5, 8}, Ret: RetScalar, Tag: TagTime},
	HelperSeqPrintf:                  {Name: "bpf_seq_printf", Since: Version{5, 7}, Args: []Arg{object, memIn, size, memIn.orNull(), size}, Ret: RetScalar},
	HelperSeqWrite:                   {Name: "bpf_seq_write", Since: Version{5, 7}, Args: []Arg{object, memIn, size}, Ret: RetScalar},
	HelperSkCgroupId:                 {Name: "bpf_sk_cgroup_id", Since: Version{5, 7}, Args: []Arg{object}, Ret: RetScalar, Tag: TagCgroupID},
	HelperSkAncestorCgroupId:         {Name: "bpf_sk_ancestor_cgroup_id", Since: Version{5, 7}, Args: []Arg{object, scalar}, Ret: RetScalar, Tag: TagCgroupID},
	HelperRingbufOutput:              {Name: "bpf_ringbuf_output", Since: Version{5, 8}, Args: []Arg{mapPtr, memIn, size, scalar}, Ret: RetScalar},
	HelperRingbufReserve:             {Name: "bpf_ringbuf_reserve", Since: Version{5, 8}, Args: []Arg{mapPtr, scalar, scalar}, Ret: RetRingbufOrNull},
	HelperRingbufSubmit:              {Name: "bpf_ringbuf_submit", Since: Version{5, 8}, Args: []Arg{ringbufMem.released(), scalar}, Ret: RetVoid},
	HelperRingbufDiscard:             {Name: "bpf_ringbuf_discard", Since: Version{5, 8}, Args: []Arg{ringbufMem.released(), scalar}, Ret: RetVoid},
	HelperRingbufQuery:               {Name: "bpf_ringbuf_query", Since: Version{5, 8}, Args: []Arg{mapPtr, scalar}, Ret: RetScalar},
	HelperCsumLevel:                  {Name: "bpf_csum_level", Since: Version{5, 7}, Args: []Arg{ctxPtr, scalar}, Ret: RetScalar},
	HelperSkcToTcp6Sock:              {Name: "bpf_skc_to_tcp6_sock", Since: Version{5, 9}, Args: []Arg{object}, Ret: RetObjectOrNull},
	HelperSkcToTcpSock:               {Name: "bpf_skc_to_tcp_sock", Since: Version{5, 9}, Args: []Arg{object}, Ret: RetObjectOrNull},
	HelperSkcToTcpTimewaitSock:       {Name: "bpf_skc_to_tcp_timewait_sock", Since: Version{5, 9}, Args: []Arg{object}, Ret: RetObjectOrNull},
	HelperSkcToTcpRequestSock:        {Name: "bpf_skc_to_tcp_request_sock", Since: Version{5, 9}, Args: []Arg{object}, Ret: RetObjectOrNull},
	HelperSkcToUdp6Sock:              {Name: "bpf_skc_to_udp6_sock", Since: Version{5, 9}, Args: []Arg{object}, Ret: RetObjectOrNull},
	HelperGetTaskStack:               {Name: "bpf_get_task_stack", Since: Version{5, 9}, Args: []Arg{object, memOut, size, scalar}, Ret: RetScalar},
	HelperLoadHdrOpt:                 {Name: "bpf_load_hdr_opt", Since: Version{5, 10}, Args: []Arg{ctxPtr, memInOut, size, scalar}, Ret: RetScalar},
	HelperStoreHdrOpt:                {Name: "bpf_store_hdr_opt", Since: Version{5, 10}, Args: []Arg{ctxPtr, memIn, size, scalar}, Ret: RetScalar},
	HelperReserveHdrOpt:              {Name: "bpf_reserve_hdr_opt", Since: Version{5, 10}, Args: []Arg{ctxPtr, scalar, scalar}, Ret: RetScalar},
	HelperInodeStorageGet:            {Name: "bpf_inode_storage_get", Since: Version{5, 10}, Args: []Arg{mapPtr, object.orNull(), mapValue.orNull(), scalar}, Ret: RetMapValueOrNull},
	HelperInodeStorageDelete:         {Name: "bpf_inode_storage_delete", Since: Version{5, 10}, Args: []Arg{mapPtr, object.orNull()}, Ret: RetScalar},
	HelperDPath:                      {Name: "bpf_d_path", Since: Version{5, 10}, Args: []Arg{object, memOut, size}, Ret: RetScalar},
	HelperCopyFromUser:               {Name: "bpf_copy_from_user", Since: Version{5, 10}, Args: []Arg{memOut, size, scalar}, Ret: RetScalar, MightSleep: true},
	HelperSnprintfBtf:                {Name: "bpf_snprintf_btf", Since: Version{5, 10}, Args: []Arg{memOut, size, memIn, size, scalar}, Ret: RetScalar},
	HelperSeqPrintfBtf:               {Name: "bpf_seq_printf_btf", Since: Version{5, 10}, Args: []Arg{object, memIn, size, scalar}, Ret: RetScalar},
	HelperSkbCgroupClassid:           {Name: "bpf_skb_cgroup_classid", Since: Version{5, 10}, Args: []Arg{ctxPtr}, Ret: RetScalar, Tag: TagCgroupID},
	HelperRedirectNeigh:              {Name: "bpf_redirect_neigh", Since: Version{5, 10}, Args: []Arg{scalar, memIn.orNull(), size, scalar}, Ret: RetScalar},
	HelperPerCpuPtr:                  {Name: "bpf_per_cpu_ptr", Since: Version{5, 10}, Args: []Arg{percpuVar, scalar}, Ret: RetPercpuOrNull},
	HelperThisCpuPtr:                 {Name: "bpf_this_cpu_ptr", Since: Version{5, 10}, Args: []Arg{percpuVar}, Ret: RetPercpu},
	HelperRedirectPeer:               {Name: "bpf_redirect_peer", Since: Version{5, 10}, Args: []Arg{scalar, scalar}, Ret: RetScalar},
	HelperTaskStorageGet:             {Name: "bpf_task_storage_get", Since: Version{5, 11}, Args: []Arg{mapPtr, object.orNull(), mapValue.orNull(), scalar}, Ret: RetMapValueOrNull},
	HelperTaskStorageDelete:          {Name: "bpf_task_storage_delete", Since: Version{5, 11}, Args: []Arg{mapPtr, object.orNull()}, Ret: RetScalar},
	HelperGetCurrentTaskBtf:          {Name: "bpf_get_current_task_btf", Since: Version{5, 11}, Ret: RetObject, Tag: TagCurrentTask},
	HelperBprmOptsSet:                {Name: "bpf_bprm_opts_set", Since: Version{5, 11}, Args: []Arg{object, scalar}, Ret: RetScalar},
	HelperKtimeGetCoarseNs:           {Name: "bpf_ktime_get_coarse_ns", Since: Version{5, 11}, Ret: RetScalar, Tag: TagTime},
	HelperImaInodeHash:               {Name: "bpf_ima_inode_hash", Since: Version{5, 11}, Args: []Arg{object, memOut, size}, Ret: RetScalar, MightSleep: true},
	HelperSockFromFile:               {Name: "bpf_sock_from_file", Since: Version{5, 11}, Args: []Arg{object}, Ret: RetObjectOrNull},
	HelperCheckMtu:                   {Name: "bpf_check_mtu", Since: Version{5, 12}, Args: []Arg{ctxPtr, scalar, fixedInOut(4), scalar, scalar}, Ret: RetScalar},
	HelperForEachMapElem:             {Name: "bpf_for_each_map_elem", Since: Version{5, 13}, Args: []Arg{mapPtr, callback, callbackCtx, scalar}, Ret: RetScalar, Callback: &Callback{Func: 1, Ctx: 2, Params: []Param{ParamMap, ParamKey, ParamValue, ParamCtx}}},
	HelperSnprintf:                   {Name: "bpf_snprintf", Since: Version{5, 13}, Args: []Arg{memOut.orNull(), size, constStr, memIn.orNull(), size}, Ret: RetScalar},
	HelperSysBpf:                     {Name: "bpf_sys_bpf", Since: Version{5, 14}, Args: []Arg{scalar, memIn, size}, Ret: RetScalar, MightSleep: true},
	HelperBtfFindByNameKind:          {Name: "bpf_btf_find_by_name_kind", Since: Version{5, 14}, Args: []Arg{memIn, size, scalar, scalar}, Ret: RetScalar, MightSleep: true},
	HelperSysClose:                   {Name: "bpf_sys_close", Since: Version{5, 14}, Args: []Arg{scalar}, Ret: RetScalar, MightSleep: true},
	HelperTimerInit:                  {Name: "bpf_timer_init", Since: Version{5, 15}, Args: []Arg{timer, mapPtr, scalar}, Ret: RetScalar},
	HelperTimerSetCallback:           {Name: "bpf_timer_set_callback", Since: Version{5, 15}, Args: []Arg{timer, callback}, Ret: RetScalar, Callback: &Callback{Func: 1, Ctx: -1, Params: []Param{ParamMap, ParamKey, ParamValue}, Async: true}},
	HelperTimerStart:                 {Name: "bpf_timer_start", Since: Version{5, 15}, Args: []Arg{timer, scalar, scalar}, Ret: RetScalar},
	HelperTimerCancel:                {Name: "bpf_timer_cancel", Since: Version{5, 15}, Args: []Arg{timer}, Ret: RetScalar},
	HelperGetFuncIp:                  {Name: "bpf_get_func_ip", Since: Version{5, 15}, Args: []Arg{ctxPtr}, Ret: RetScalar, Tag: TagFuncIP},
	HelperGetAttachCookie:            {Name: "bpf_get_attach_cookie", Since: Version{5, 15}, Args: []Arg{ctxPtr}, Ret: RetScalar, Tag: TagAttachCookie},
	HelperTaskPtRegs:                 {Name: "bpf_task_pt_regs", Since: Version{5, 15}, Args: []Arg{object}, Ret: RetObject},
	HelperGetBranchSnapshot:          {Name: "bpf_get_branch_snapshot", Since: Version{5, 16}, Args: []Arg{memOut, size}, Ret: RetScalar},
	HelperTraceVprintk:               {Name: "bpf_trace_vprintk", Since: Version{5, 16}, Args: []Arg{memIn, size, memIn.orNull(), size}, Ret: RetScalar},
	HelperSkcToUnixSock:              {Name: "bpf_skc_to_unix_sock", Since: Version{5, 16}, Args: []Arg{object}, Ret: RetObjectOrNull},
	HelperKallsymsLookupName:         {Name: "bpf_kallsyms_lookup_name", Since: Version{5, 16}, Args: []Arg{memIn, size, scalar, fixedOut(8)}, Ret: RetScalar},
	HelperFindVma:                    {Name: "bpf_find_vma", Since: Version{5, 17}, Args: []Arg{object, scalar, callback, callbackCtx, scalar}, Ret: RetScalar, Callback: &Callback{Func: 2, Ctx: 3, Params: []Param{ParamTask, ParamVMA, ParamCtx}}},
	HelperLoop:                       {Name: "bpf_loop", Since: Version{5, 17}, Args: []Arg{scalar, callback, callbackCtx, scalar}, Ret: RetScalar, Callback: &Callback{Func: 1, Ctx: 2, Params: []Param{ParamIndex, ParamCtx}}},
	HelperStrncmp:                    {Name: "bpf_strncmp", Since: Version{5, 17}, Args: []Arg{memIn, size, constStr}, Ret: RetScalar},
	HelperGetFuncArg:                 {Name: "bpf_get_func_arg", Since: Version{5, 17}, Args: []Arg{ctxPtr, scalar, fixedOut(8)}, Ret: RetScalar},
	HelperGetFuncRet:                 {Name: "bpf_get_func_ret", Since: Version{5, 17}, Args: []Arg{ctxPtr, fixedOut(8)}, Ret: RetScalar},
	HelperGetFuncArgCnt:              {Name: "bpf_get_func_arg_cnt", Since: Version{5, 17}, Args: []Arg{ctxPtr}, Ret: RetScalar},
	HelperGetRetval:                  {Name: "bpf_get_retval", Since: Version{5, 18}, Ret: RetScalar},
	HelperSetRetval:                  {Name: "bpf_set_retval", Since: Version{5, 18}, Args: []Arg{scalar}, Ret: RetScalar},
	HelperXdpGetBuffLen:              {Name: "bpf_xdp_get_buff_len", Since: Version{5, 18}, Args: []Arg{ctxPtr}, Ret: RetScalar},
	HelperXdpLoadBytes:               {Name: "bpf_xdp_load_bytes", Since: Version{5, 18}, Args: []Arg{ctxPtr, scalar, memOut, size}, Ret: RetScalar},
	HelperXdpStoreBytes:              {Name: "bpf_xdp_store_bytes", Since: Version{5, 18}, Args: []Arg{ctxPtr, scalar, memIn, size}, Ret: RetScalar},
	HelperCopyFromUserTask:           {Name: "bpf_copy_from_user_task", Since: Version{5, 18}, Args: []Arg{memOut, size, scalar, object, scalar}, Ret: RetScalar, MightSleep: true},
	HelperSkbSetTstamp:               {Name: "bpf_skb_set_tstamp", Since: Version{5, 18}, Args: []Arg{ctxPtr, scalar, scalar}, Ret: RetScalar},
	HelperImaFileHash:                {Name: "bpf_ima_file_hash", Since: Version{5, 18}, Args: []Arg{object, memOut, size}, Ret: RetScalar, MightSleep: true},
	HelperKptrXchg:                   {Name: "bpf_kptr_xchg", Since: Version{5, 19}, Args: []Arg{kptrField, object.orNull().released()}, Ret: RetObjectOrNull},
	HelperMapLookupPercpuElem:        {Name: "bpf_map_lookup_percpu_elem", Since: Version{5, 19}, Args: []Arg{mapPtr, mapKey, scalar}, Ret: RetMapValueOrNull},
	HelperSkcToMptcpSock:             {Name: "bpf_skc_to_mptcp_sock", Since: Version{5, 19}, Args: []Arg{object}, Ret: RetObjectOrNull},
	HelperDynptrFromMem:              {Name: "bpf_dynptr_from_mem", Since: Version{5, 19}, Args: []Arg{scalar, size, scalar, dynptrOut}, Ret: RetScalar},
	HelperRingbufReserveDynptr:       {Name: "bpf_ringbuf_reserve_dynptr", Since: Version{5, 19}, Args: []Arg{mapPtr, scalar, scalar, dynptrOut}, Ret: RetScalar},
	HelperRingbufSubmitDynptr:        {Name: "bpf_ringbuf_submit_dynptr", Since: Version{5, 19}, Args: []Arg{dynptr.released(), scalar}, Ret: RetVoid},
	HelperRingbufDiscardDynptr:       {Name: "bpf_ringbuf_discard_dynptr", Since: Version{5, 19}, Args: []Arg{dynptr.released(), scalar}, Ret: RetVoid},
	HelperDynptrRead:                 {Name: "bpf_dynptr_read", Since: Version{5, 19}, Args: []Arg{memOut, size, dynptr, scalar, scalar}, Ret: RetScalar},
	HelperDynptrWrite:                {Name: "bpf_dynptr_write", Since: Version{5, 19}, Args: []Arg{dynptr, scalar, memIn, size, scalar}, Ret: RetScalar},
	HelperDynptrData:                 {Name: "bpf_dynptr_data", Since: Version{5, 19}, Args: []Arg{dynptr, scalar, scalar}, Ret: RetMemOrNull},
	HelperTcpRawGenSyncookieIpv4:     {Name: "bpf_tcp_raw_gen_syncookie_ipv4", Since: Version{6, 0}, Args: []Arg{fixedIn(20), memIn, size}, Ret: RetScalar},
	HelperTcpRawGenSyncookieIpv6:     {Name: "bpf_tcp_raw_gen_syncookie_ipv6", Since: Version{6, 0}, Args: []Arg{fixedIn(40), memIn, size}, Ret: RetScalar},
	HelperTcpRawCheckSyncookieIpv4:   {Name: "bpf_tcp_raw_check_syncookie_ipv4", Since: Version{6, 0}, Args: []Arg{fixedIn(20), fixedIn(20)}, Ret: RetScalar},
	HelperTcpRawCheckSyncookieIpv6:   {Name: "bpf_tcp_raw_check_syncookie_ipv6", Since: Version{6, 0}, Args: []Arg{fixedIn(40), fixedIn(20)}, Ret: RetScalar},
	HelperKtimeGetTaiNs:              {Name: "bpf_ktime_get_tai_ns", Since: Version{6, 1}, Ret: RetScalar, Tag: TagTime},
	HelperUserRingbufDrain:           {Name: "bpf_user_ringbuf_drain", Since: Version{6, 1}, Args: []Arg{mapPtr, callback, callbackCtx, scalar}, Ret: RetScalar, Callback: &Callback{Func: 1, Ctx: 2, Params: []Param{ParamDynptr, ParamCtx}}},
	HelperCgrpStorageGet:             {Name: "bpf_cgrp_storage_get", Since: Version{6, 2}, Args: []Arg{mapPtr, object.orNull(), mapValue.orNull(), scalar}, Ret: RetMapValueOrNull},
	HelperCgrpStorageDelete:          {Name: "bpf_cgrp_storage_delete", Since: Version{6, 2}, Args: []Arg{mapPtr, object.orNull()}, Ret: RetScalar},
}
